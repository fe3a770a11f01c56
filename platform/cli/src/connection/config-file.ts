import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';
import { cliError } from '../errors.ts';
import { readIfThere, writeSecretFile } from '../files.ts';

const connectionSchema = z.strictObject({
  /** Origin of the API. */
  server: z.url({ protocol: /^https?$/, error: 'must be an address such as https://10.0.0.5' }),
  token: z.string().min(1),
  /** PEM of the authority that signed the server's certificate; without it those that the system trusts count. */
  ca: z.string().optional(),
  namespace: z.string().optional(),
});

/** How the API is reached. */
export type Connection = z.output<typeof connectionSchema>;

/** The connection that `ampoule login` has kept. @throws AMP_INPUT_INVALID, AMP_CLI_FILE */
export async function readConfigFile(file: string): Promise<Connection | undefined> {
  const text = await readIfThere(file);
  return text === undefined ? undefined : parse(connectionSchema, decoded(text, file), file);
}

/** What the parser says of bad JSON quotes the text around the mistake, and that text is secret. */
function decoded(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw cliError('AMP_CLI_FILE', { what: `${file} is not JSON`, fix: 'Run "ampoule login" again; it writes the file anew.' });
  }
}

export async function writeConfigFile(file: string, connection: Connection): Promise<void> {
  await writeSecretFile(file, `${JSON.stringify(connection, null, 2)}\n`);
}

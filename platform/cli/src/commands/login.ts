import type { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { writeConfigFile } from '../connection/config-file.ts';
import { originOf } from '../connection/resolve.ts';
import { cliError } from '../errors.ts';
import { readGivenFile } from '../files.ts';
import { hasInput, readInput } from '../input.ts';
import { show } from '../output.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

/** Keeps how the API is reached, once it has taken the token. */
export function addLogin(parent: Command, shell: Shell): Command {
  const command = parent
    .command('login')
    .description('keep server, token and certificate for later commands; asks for the token, or reads it from standard input')
    .action(async () => {
      const { settings, flags } = shell;
      const server = originOf(flags.server ?? settings.server);
      const caFile = flags.caFile ?? settings.caFile;
      const tokenFile = flags.tokenFile ?? settings.tokenFile;
      const ca = caFile === undefined ? undefined : await readGivenFile(caFile);
      const token = (tokenFile === undefined ? (settings.token ?? (await askToken())) : await readGivenFile(tokenFile)).trim();
      const namespace = flags.namespace ?? settings.namespace;
      const connection = { server, token, ...(ca === undefined ? {} : { ca }), ...(namespace === undefined ? {} : { namespace }) };
      await new ApiClient(connection).call('GET', '/api/versions');
      await writeConfigFile(settings.configFile, connection);
      const text = () => `Logged in to ${server}. Server, token and certificate are kept in ${settings.configFile}.`;
      show(shell.printer, { data: { server, file: settings.configFile }, text });
    });
  return withExamples(
    command,
    'ampoule login --server https://10.0.0.5 --ca-file trust.crt',
    'ampoule login --server https://10.0.0.5 --ca-file trust.crt --token-file token',
  );
}

/** @throws AMP_CLI_NO_SERVER where nobody can be asked, or nobody answers */
async function askToken(): Promise<string> {
  if (process.stdin.isTTY && process.stdout.isTTY) {
    const { default: inquirer } = await import('inquirer');
    const { token } = await inquirer.prompt([{ type: 'password', name: 'token', message: 'Token', mask: '*' }]).catch((cause: unknown) => {
      if (cause instanceof Error && cause.name === 'ExitPromptError') throw withoutToken();
      throw cause;
    });
    if (typeof token === 'string' && token !== '') return token;
  } else if (hasInput()) {
    const token = (await readInput()).toString().trim();
    if (token !== '') return token;
  }
  throw withoutToken();
}

function withoutToken() {
  return cliError('AMP_CLI_NO_SERVER', { what: 'No token was given', fix: 'Give --token-file, or write the token to standard input.' });
}

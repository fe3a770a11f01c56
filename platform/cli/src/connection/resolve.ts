import { codeOf } from '@ampoule/lib/errors';
import { cliError } from '../errors.ts';
import { readGivenFile } from '../files.ts';
import type { Settings } from '../settings.ts';
import { type Connection, readConfigFile } from './config-file.ts';

/** The flags that say how the API is reached. */
export interface ConnectionFlags {
  server?: string;
  tokenFile?: string;
  caFile?: string;
  namespace?: string;
}

export interface Surroundings {
  settings: Settings;
  /** How the API of this very host is reached; undefined where there is none. */
  ofHost?: (() => Promise<Connection | undefined>) | undefined;
}

const LOGIN = 'Run "ampoule login --server https://HOST --ca-file trust.crt", or give --server, --token-file and --ca-file.';

/**
 * How the API is reached: by flags, else the environment, else `ampoule login`, else as the host itself does. A kept token and authority
 * count for the origin that they were kept for, and for no other.
 * @throws AMP_CLI_NO_SERVER, AMP_CLI_FILE, AMP_INPUT_INVALID
 */
export async function resolveConnection(flags: ConnectionFlags, { settings, ofHost }: Surroundings): Promise<Connection> {
  const given = flags.server ?? settings.server;
  const config = await readConfigFile(settings.configFile);
  const kept = config ?? (await hostConnection(ofHost));
  const server = originOf(given ?? kept?.server);
  const own = kept !== undefined && originOf(kept.server) === server ? kept : undefined;
  const token = await tokenOf(flags, settings, own);
  if (token === undefined) {
    throw cliError('AMP_CLI_NO_SERVER', { what: `No token for ${server} is known`, fix: `${LOGIN} AMPOULE_TOKEN holds a token too.` });
  }
  const caFile = flags.caFile ?? settings.caFile;
  const ca = caFile === undefined ? own?.ca : await readGivenFile(caFile);
  const namespace = flags.namespace ?? settings.namespace ?? own?.namespace;
  return { server, token, ...(ca === undefined ? {} : { ca }), ...(namespace === undefined ? {} : { namespace }) };
}

async function tokenOf({ tokenFile }: ConnectionFlags, settings: Settings, own: Connection | undefined): Promise<string | undefined> {
  if (tokenFile !== undefined) return (await readGivenFile(tokenFile)).trim();
  if (settings.token !== undefined) return settings.token;
  return settings.tokenFile === undefined ? own?.token : (await readGivenFile(settings.tokenFile)).trim();
}

async function hostConnection(ofHost: Surroundings['ofHost']): Promise<Connection | undefined> {
  try {
    return await ofHost?.();
  } catch (cause) {
    if (codeOf(cause) !== 'EACCES') throw cause;
    throw cliError('AMP_CLI_NO_SERVER', {
      what: 'The token of this appliance is for root alone',
      fix: `Run the command as root. As somebody else: ${LOGIN}`,
      cause,
    });
  }
}

/** @throws AMP_CLI_NO_SERVER */
export function originOf(server: string | undefined): string {
  const address = server !== undefined && !/^\w+:\/\//.test(server) ? `https://${server}` : server;
  if (address !== undefined && URL.canParse(address)) {
    const { origin, protocol } = new URL(address);
    if (protocol === 'https:' || protocol === 'http:') return origin;
  }
  throw cliError('AMP_CLI_NO_SERVER', {
    what: server === undefined ? 'No server is known' : `${server} is not the address of a server`,
    fix: LOGIN,
  });
}

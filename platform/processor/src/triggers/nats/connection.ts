import { readFile } from 'node:fs/promises';
import { codeOf } from '@ampoule/lib/errors';
import { credsAuthenticator, type NodeConnectionOptions } from '@nats-io/transport-node';
import type { TriggerContext } from '../trigger.ts';
import type { NatsAttributes } from './attributes.ts';

const CONNECT_TIMEOUT_MS = 5000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5000;
const SCHEME = /^(nats|tls):\/\//i;

/** The servers of a trigger's url, which may name several; undefined where one of them is no address. */
export function serversOf({ url = '' }: TriggerContext['config']): string[] | undefined {
  const servers = url.split(',').map((each) => each.trim());
  const sound = servers.every((each) => {
    const parsed = URL.parse(SCHEME.test(each) ? each : `nats://${each}`);
    return parsed !== null && parsed.hostname !== '' && (SCHEME.test(each) || !each.includes('://'));
  });
  return sound ? servers : undefined;
}

export async function connectionOptionsOf(
  { config, name, functionName }: Pick<TriggerContext, 'config' | 'name' | 'functionName'>,
  attributes: NatsAttributes,
  servers: string[],
): Promise<NodeConnectionOptions> {
  const { token, creds, tls, caCert, accessKey, accessCertificate } = attributes;
  const user = attributes.user || config.username || '';
  const password = attributes.password || config.password || '';
  let retries = 0;
  const secure = tls.enable || caCert !== '' || servers.some((each) => each.toLowerCase().startsWith('tls:'));
  return {
    servers: servers.map((each) => each.replace(SCHEME, '')),
    name: `nuclio-${functionName}-${name}`,
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    // A password may be refused while it is being changed on the server.
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => {
      retries += 1;
      return Math.random() * Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(retries % 10, 6));
    },
    ...(user !== '' && { user, pass: password }),
    ...(token !== '' && { token }),
    ...(creds !== '' && { authenticator: credsAuthenticator(await contentOf(creds)) }),
    ...(secure && {
      tls: {
        rejectUnauthorized: !tls.insecureSkipVerify,
        ...(caCert !== '' && { ca: caCert }),
        ...(accessKey !== '' && { key: accessKey }),
        ...(accessCertificate !== '' && { cert: accessCertificate }),
      },
    }),
  };
}

async function contentOf(creds: string): Promise<Uint8Array> {
  if (creds.includes('\n')) return Buffer.from(creds);
  try {
    return await readFile(creds);
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? new Error('creds is neither the content nor the path of a file with credentials') : error;
  }
}

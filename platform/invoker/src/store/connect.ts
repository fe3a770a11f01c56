import { readFile } from 'node:fs/promises';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { invokerError } from '../errors.ts';
import type { Settings } from '../settings.ts';

const CONNECT_TIMEOUT_MS = 5000;
const RECONNECT_MS = 500;
/** For what is known of a job, and the headers of its request. */
const HEAD_BYTES = 64 * 1024;

/** Connects to NATS, waiting for it where it is not there yet, and again whenever it is lost. @throws AMP_INVOKER_QUEUE_UNFIT */
export async function connectStore({ nats, maxBodyBytes, maxResultBytes }: Settings): Promise<NatsConnection> {
  const token = nats.tokenFile === undefined ? undefined : (await readFile(nats.tokenFile, 'utf8')).trim();
  const connection = await connect({
    servers: nats.server,
    name: 'invoker',
    timeout: CONNECT_TIMEOUT_MS,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    // The token may be refused while it is being changed on the server.
    ignoreAuthErrorAbort: true,
    ...(token === undefined ? {} : { token }),
  });
  const needed = Math.max(maxBodyBytes, maxResultBytes) + HEAD_BYTES;
  const { max_payload: allowed = 0 } = connection.info ?? {};
  if (allowed >= needed) return connection;
  await connection.close();
  throw invokerError('AMP_INVOKER_QUEUE_UNFIT', {
    what: `NATS takes messages of ${allowed} bytes, and the invoker needs ${needed}`,
    fix: 'Raise max_payload of NATS, or lower AMPOULE_MAX_BODY_BYTES and AMPOULE_MAX_RESULT_BYTES.',
  });
}

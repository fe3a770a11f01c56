import { join } from 'node:path';
import { silentLogger } from '@ampoule/platform-api/kube/logger';
import { connect } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
// Tests need a real server; nothing else imports from there.
import { NatsServer } from '../../../../airgap-tests/brokers/nats.ts';
import type { Hosts } from '../hosts.ts';
import { readSettings } from '../settings.ts';
import { startInvoker } from '../start.ts';
import { Store } from '../store/store.ts';
import { clientOf } from './client.ts';
import { Target } from './target.ts';

const tokenFiles = {
  AMPOULE_INVOKER_TOKEN_FILE: join(import.meta.dirname, 'token'),
  AMPOULE_INVOKER_INTAKE_TOKEN_FILE: join(import.meta.dirname, 'intake-token'),
};
const MAX_PAYLOAD = 4 * 1024 * 1024;
/** Little more than the streams may have together, so that nothing is left for any of them twice. */
const MAX_FILE_STORE = 960 * 1024 * 1024;

/** Attempts follow each other quickly, and what was left in the middle comes again after a second. */
export const quick = {
  AMPOULE_BACKOFF_FIRST_SECONDS: '0.05',
  AMPOULE_BACKOFF_LAST_SECONDS: '0.3',
  AMPOULE_ACK_WAIT_SECONDS: '1',
  AMPOULE_DRAIN_SECONDS: '5',
};

/** A NATS server as the appliance has it, until the test ends. */
export async function startNats(): Promise<NatsServer> {
  const nats = await NatsServer.start({ maxPayload: MAX_PAYLOAD, maxFileStore: MAX_FILE_STORE });
  onTestFinished(() => nats.stop());
  return nats;
}

/** The environment of an invoker on free ports. */
export function environment(nats: NatsServer, target: Target, more: Record<string, string> = {}): Record<string, string> {
  return {
    ...quick,
    AMPOULE_NATS_SERVER: nats.url.replace('nats://', ''),
    AMPOULE_FUNCTION_URL: target.url,
    ...tokenFiles,
    AMPOULE_INVOKER_HOST: '127.0.0.1',
    // Who is called back in tests is on this host.
    AMPOULE_LOCAL_NETWORKS: '',
    AMPOULE_INVOKER_PORT: '0',
    AMPOULE_ADMIN_PORT: '0',
    AMPOULE_INTAKE_PORT: '0',
    AMPOULE_STATUS_PORT: '0',
    ...more,
  };
}

/** What the invokers of a NATS server keep, within the limits that these variables set. */
export async function openStore(nats: NatsServer, more: Record<string, string> = {}) {
  const connection = await connect({ servers: nats.url.replace('nats://', '') });
  const store = await Store.open(connection, readSettings({ ...tokenFiles, ...more }).store);
  return { store, close: () => connection.close() };
}

/** An invoker in this process, its NATS, and what it calls, until the test ends. */
export async function startWorld(more: Record<string, string> = {}, hosts?: Hosts) {
  const target = await Target.start();
  onTestFinished(() => target.stop());
  const nats = await startNats();
  const start = (again: Record<string, string> = {}) =>
    startInvoker({ settings: readSettings(environment(nats, target, { ...more, ...again })), logger: silentLogger, hosts });
  const invoker = await start();
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) await invoker.stop();
    isStopped = true;
  };
  // What hangs in a test ends with the connections of the target.
  onTestFinished(async () => {
    target.stop();
    await stop();
  });
  return { target, nats, invoker, stop, start, ...clientOf(invoker.ports) };
}

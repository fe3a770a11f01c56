import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { FakeApi } from '../fake-api.ts';

/** Another address of this machine than the usual one, so that both can have the same port. */
export const LEADER_ADDRESS = '127.0.0.2';
const HELD_SECONDS = 3600;

/** Starts a component, by its main file, while another one leads, at `LEADER_ADDRESS`. Gives the port of its health. */
export async function startStandby(main: string, component: string, env: Record<string, string>): Promise<number> {
  const api = new FakeApi();
  const client = await api.start();
  const folder = await mkdtemp(join(tmpdir(), 'standby-'));
  const kubeconfig = join(folder, 'config');
  await writeFile(kubeconfig, client.config.exportConfig());
  api.put(`/apis/coordination.k8s.io/v1/namespaces/ns/leases/${component}`, {
    metadata: { annotations: { 'ampoule.internal/leader-address': LEADER_ADDRESS } },
    spec: { holderIdentity: 'leader', leaseDurationSeconds: HELD_SECONDS, renewTime: '2026-01-01T00:00:00.000000Z' },
  });
  const port = await freePort();
  const settings = { KUBECONFIG: kubeconfig, AMPOULE_POD_NAMESPACE: 'ns', AMPOULE_POD_NAME: 'standby', AMPOULE_HEALTH_HOST: '127.0.0.1' };
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...settings, AMPOULE_HEALTH_PORT: String(port), ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    client.close();
    api.stop();
    await rm(folder, { recursive: true });
  });
  return port;
}

/** Waits until a component says that it is ready; gives false where it does not within the time. */
export async function becomesReady(port: number, limitMs: number): Promise<boolean> {
  for (const end = performance.now() + limitMs; performance.now() < end; await delay(50)) {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    if (answer?.status === 200) return true;
  }
  return false;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

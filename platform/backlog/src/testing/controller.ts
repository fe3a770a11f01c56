import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '../../../..');

/** Runs the controller for the API server of a test. It is another program, so it runs as one; gives what ends it. */
export async function startController(server: string, backlogPort: number): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  const file = join(folder, 'config');
  const kubeconfig = {
    clusters: [{ name: 'fake', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'fake', user: {} }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    'current-context': 'fake',
  };
  await writeFile(file, JSON.stringify(kubeconfig));
  const env = {
    ...process.env,
    KUBECONFIG: file,
    AMPOULE_HEALTH_HOST: '127.0.0.1',
    AMPOULE_HEALTH_PORT: '0',
    AMPOULE_RUNTIME_SHELL: 's:1',
    AMPOULE_BACKLOG_URL: `http://127.0.0.1:${backlogPort}`,
  };
  const child = spawn(join(REPOSITORY, 'node_modules/.bin/node'), [join(REPOSITORY, 'platform/controller/src/main.ts')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(folder, { recursive: true });
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const MAIN = join(import.meta.dirname, '../main.ts');
const NODE = join(import.meta.dirname, '../../../../node_modules/.bin/node');

const PLATFORM = { healthCheck: { listenAddress: '127.0.0.1:0' }, webAdmin: { listenAddress: '127.0.0.1:0' } };
const METRICS = { metrics: { sinks: { pull: { kind: 'prometheusPull', url: '127.0.0.1:0' } }, functions: ['pull'] } };

export interface RunningProcessor {
  url: string;
  healthUrl: string;
  /** Where its port is open. */
  adminUrl: string | undefined;
  /** Where the platform wants metrics. */
  metricsUrl: string | undefined;
  /** What it has printed. */
  lines: string[];
  child: ReturnType<typeof spawn>;
}

/**
 * Runs a processor with a function of one file until the test ends, or whenever `onEnd` sees to it. `spec.trigger` is added to the HTTP
 * trigger, `spec.metrics` asks for metrics, `spec.platform` is platform.yaml's, the rest is the function's spec.
 */
export async function runProcessor(
  code: string,
  spec: Record<string, unknown> = {},
  file = 'main.js',
  onEnd: (end: () => Promise<void>) => void = onTestFinished,
): Promise<RunningProcessor> {
  const folder = await mkdtemp(join(tmpdir(), 'processor-'));
  const { trigger, metrics, platform, ...rest } = spec;
  const triggers = { web: { kind: 'http', name: 'web', url: '127.0.0.1:0', numWorkers: 1, ...(trigger as object) } };
  await writeFile(join(folder, file), code);
  await writeFile(
    join(folder, 'processor.yaml'),
    JSON.stringify({ metadata: { name: 'f' }, spec: { runtime: 'nodejs', handler: `${file}:handler`, triggers, ...rest } }),
  );
  await writeFile(join(folder, 'platform.yaml'), JSON.stringify({ ...PLATFORM, ...(metrics ? METRICS : {}), ...(platform as object) }));
  const args = [MAIN, '--config', join(folder, 'processor.yaml'), '--platform-config', join(folder, 'platform.yaml')];
  const child = spawn(NODE, args, { env: { ...process.env, NUCLIO_HANDLER_DIR: folder }, stdio: ['ignore', 'pipe', 'inherit'] });
  onEnd(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true });
  });
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    child.on('exit', (status) => reject(new Error(`ended with ${status}: ${lines.join('\n')}`)));
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      if (!line.includes('Processor started')) return;
      const { with: found } = JSON.parse(line);
      const at = (port: number) => `http://127.0.0.1:${port}`;
      const [adminUrl, metricsUrl] = [found.adminPort, found.metricsPort].map((port) => (port === undefined ? undefined : at(port)));
      resolve({ url: at(found.httpPort), healthUrl: at(found.healthPort), adminUrl, metricsUrl, lines, child });
    });
  });
}

/** Sends a request and reads the whole answer. */
export async function call(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text(), headers: response.headers };
}

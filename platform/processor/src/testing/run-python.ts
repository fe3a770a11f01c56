import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ProcessWorker } from '../engine/process-worker.ts';
import type { WorkerListener } from '../engine/worker.ts';
import type { WorkerOptions } from '../runtime/options.ts';
import { makePythonWorker } from '../runtime/python/python-worker.ts';
import { WorkerRun } from './worker-run.ts';

export type PythonRun = WorkerRun<ProcessWorker>;

const make = (options: WorkerOptions, listener: WorkerListener) => makePythonWorker(options, listener) as ProcessWorker;

/** Makes a worker from main.py and other files, not started, that ends with the test. */
export async function makePython(files: string | Record<string, string>, options: Partial<WorkerOptions> = {}): Promise<PythonRun> {
  const folder = await mkdtemp(join(tmpdir(), 'python-'));
  const all = typeof files === 'string' ? { 'main.py': files } : files;
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text);
  const run = new WorkerRun(make, folder, options);
  onTestFinished(async () => {
    await run.worker.kill();
    await rm(folder, { recursive: true });
  });
  return run;
}

export async function runPython(files: string | Record<string, string>, options: Partial<WorkerOptions> = {}): Promise<PythonRun> {
  const run = await makePython(files, options);
  await run.worker.start();
  return run;
}

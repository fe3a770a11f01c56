import { ProcessWorker } from '../../engine/process-worker.ts';
import type { Worker, WorkerListener } from '../../engine/worker.ts';
import type { WorkerOptions } from '../options.ts';
import { pythonCommand, takePython } from './prepared-python.ts';

/** Makes a worker that runs a Python handler in a process. */
export function makePythonWorker(options: WorkerOptions, listener: WorkerListener): Worker {
  const { folder, handler, workerId, triggers, functionName, namespace, concurrency } = options;
  const { path, ...command } = pythonCommand(folder, process.env);
  const prepared = takePython(process.env);
  const start = { folder, handler, workerId, triggers, functionName, namespace, concurrency };
  if (prepared === undefined) return new ProcessWorker({ ...command, start }, listener);
  return new ProcessWorker({ ...command, process: prepared, start: { ...start, adopt: { env: command.env, folder, path } } }, listener);
}

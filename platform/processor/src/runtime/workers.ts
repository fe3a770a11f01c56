import { runtimeNameOf } from '@ampoule/platform-api/handler';
import { ThreadWorker } from '../engine/thread-worker.ts';
import type { WorkerListener, WorkerMaker } from '../engine/worker.ts';
import { processorError } from '../errors.ts';
import type { WorkerOptions } from './options.ts';

type MakeWorker = (options: WorkerOptions, listener: WorkerListener) => ReturnType<WorkerMaker>;

const makers: Record<string, () => MakeWorker | Promise<MakeWorker>> = {
  python: async () => (await import('./python/python-worker.ts')).makePythonWorker,
  java: async () => (await import('./java/java-worker.ts')).makeJavaWorker,
  shell: async () => {
    const { ShellWorker } = await import('./shell/shell-worker.ts');
    return (options, listener) => new ShellWorker(options, listener);
  },
  ruby: async () => (await import('./stock/makers.ts')).makeRubyWorker,
  wrapper: async () => (await import('./stock/makers.ts')).makeWrapperWorker,
  nodejs: () => (options, listener) => new ThreadWorker(options, listener),
};

/** What makes workers of a runtime by its name, such as `nodejs` or `python:3.11`. @throws AMP_RUNTIME_UNSUPPORTED */
export async function workerMakerOf(runtime: string | undefined, options: Omit<WorkerOptions, 'workerId'>): Promise<WorkerMaker> {
  const make = await makers[runtimeNameOf(runtime)]?.();
  if (make !== undefined) return (workerId, listener) => make({ ...options, workerId }, listener);
  throw processorError('AMP_RUNTIME_UNSUPPORTED', {
    what: `Runtime ${runtime} is not supported by this processor`,
    fix: `Use one of ${Object.keys(makers).join(', ')}.`,
  });
}

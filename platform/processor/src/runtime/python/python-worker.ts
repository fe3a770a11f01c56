import { delimiter, join } from 'node:path';
import { ProcessWorker } from '../../engine/process-worker.ts';
import type { Worker, WorkerListener } from '../../engine/worker.ts';
import type { WorkerOptions } from '../options.ts';

/** Below the folder that the processor lies in, in an image and in the sources. */
const WRAPPER = 'python/_ampoule_wrapper.py';
const SOURCES = import.meta.url.endsWith('.ts') ? '../../..' : '..';

/** Makes a worker that runs a Python handler in a process. */
export function makePythonWorker(options: WorkerOptions, listener: WorkerListener): Worker {
  const { folder, handler, workerId, triggers, functionName, namespace, concurrency } = options;
  const { NUCLIO_PYTHON_EXE_PATH, NUCLIO_PYTHON_WRAPPER_PATH, NUCLIO_PYTHON_PATH, PYTHONPATH, AMPOULE_PYTHON_INSPECT } = process.env;
  return new ProcessWorker(
    {
      command: NUCLIO_PYTHON_EXE_PATH || 'python3',
      args: [...debuggerFor(AMPOULE_PYTHON_INSPECT), NUCLIO_PYTHON_WRAPPER_PATH || join(import.meta.dirname, SOURCES, WRAPPER)],
      env: {
        ...process.env,
        PYTHONPATH: [folder, NUCLIO_PYTHON_PATH, PYTHONPATH].filter((part) => part !== undefined && part !== '').join(delimiter),
      },
      cwd: folder,
      start: { folder, handler, workerId, triggers, functionName, namespace, concurrency },
    },
    listener,
  );
}

/** What of Python itself is compiled in has no source that a debugger could show, of which debugpy warns at each start. */
function debuggerFor(address = ''): string[] {
  return address === '' ? [] : ['-X', 'frozen_modules=off', '-m', 'debugpy', '--listen', address];
}

import { delimiter, join } from 'node:path';
import { type ProcessCommand, startProcess, type WorkerProcess } from '../../engine/worker-process.ts';

/** Below the folder that the processor lies in, in an image and in the sources. */
const WRAPPER = 'python/_ampoule_wrapper.py';
const SOURCES = import.meta.url.endsWith('.ts') ? '../../..' : '..';

/** What Python, or what loads it, reads when it starts, and never again. */
const READ_AT_START = /^(PYTHON|NUCLIO_PYTHON_|AMPOULE_PYTHON_|LD_|LC_|LANG|MALLOC_|GLIBC_)/;

let prepared: { process: WorkerProcess; env: NodeJS.ProcessEnv } | undefined;

/** How a worker in Python is started, and which folders its modules come from beside those of Python. */
export function pythonCommand(folder: string, env: NodeJS.ProcessEnv): ProcessCommand & { path: string[] } {
  const { NUCLIO_PYTHON_EXE_PATH, NUCLIO_PYTHON_WRAPPER_PATH, NUCLIO_PYTHON_PATH, PYTHONPATH, AMPOULE_PYTHON_INSPECT } = env;
  const path = [folder, NUCLIO_PYTHON_PATH, PYTHONPATH].filter((part): part is string => part !== undefined && part !== '');
  return {
    command: NUCLIO_PYTHON_EXE_PATH || 'python3',
    args: [...debuggerFor(AMPOULE_PYTHON_INSPECT), NUCLIO_PYTHON_WRAPPER_PATH || join(import.meta.dirname, SOURCES, WRAPPER)],
    env: { ...env, PYTHONPATH: path.join(delimiter) },
    cwd: folder,
    path,
  };
}

/** Starts a process that will be needed soon, before it is known for which function. */
export function preparePython(env: NodeJS.ProcessEnv): void {
  prepared = { process: startProcess({ ...pythonCommand('/', env), env }), env };
}

/** The process that was prepared; undefined where there is none, or where it would notice that it was started in another environment. */
export function takePython(env: NodeJS.ProcessEnv): WorkerProcess | undefined {
  const found = prepared;
  prepared = undefined;
  if (found === undefined) return undefined;
  const { child, progress } = found.process;
  const names = Object.keys({ ...env, ...found.env }).filter((name) => READ_AT_START.test(name));
  if (child.exitCode === null && child.signalCode === null && names.every((name) => env[name] === found.env[name])) return found.process;
  child.kill('SIGKILL');
  progress.close();
  return undefined;
}

/** What of Python itself is compiled in has no source that a debugger could show, of which debugpy warns at each start. */
function debuggerFor(address = ''): string[] {
  return address === '' ? [] : ['-X', 'frozen_modules=off', '-m', 'debugpy', '--listen', address];
}

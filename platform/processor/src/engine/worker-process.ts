import { type ChildProcess, spawn } from 'node:child_process';
import { SharedProgress } from './shared-progress.ts';

export interface ProcessCommand {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
}

/** The process of a worker, and the memory that it shares with this one. */
export interface WorkerProcess {
  child: ChildProcess;
  progress: SharedProgress;
}

/** Descriptors of the process: events come through the first, answers leave through the second, the third is the shared memory. */
export const EVENTS = 3;
export const ANSWERS = 4;

export function startProcess({ command, args, env, cwd }: ProcessCommand, progress = new SharedProgress()): WorkerProcess {
  const child = spawn(command, args, {
    env,
    cwd,
    // A session of its own, so that what it starts can be ended with it.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe', progress.descriptor],
  });
  return { child, progress };
}

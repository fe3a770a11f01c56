import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const DOWN = join(import.meta.dirname, '..', 'down.ts');

/** Sees to it that a run is removed when this process ends in whatever way it can notice. Gives a function that calls this off. */
export function guard(run: string, close: () => Promise<void>): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    const end = () => {
      callOff();
      process.kill(process.pid, signal);
    };
    close().then(end, end);
  };
  // Only what is synchronous is done in this event.
  const onExit = () => {
    spawnSync(process.execPath, [DOWN, run], { timeout: 60_000, stdio: ['ignore', 'ignore', 'inherit'] });
  };
  for (const signal of SIGNALS) process.once(signal, onSignal);
  process.once('exit', onExit);
  const callOff = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off('exit', onExit);
  };
  return callOff;
}

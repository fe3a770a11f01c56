import type { AmpouleError } from '@ampoule/lib/errors';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Does work that may be left at any moment, and gives it up with this error when a person presses Ctrl-C or the process is told to end.
 * What the work has started goes on until the process ends.
 */
export async function untilInterrupted<Value>(interruption: () => AmpouleError, work: () => Promise<Value>): Promise<Value> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  const interrupt = () => reject(interruption());
  // Not once: what restores the cursor ends the process itself when it finds that nobody else listens.
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}

import { Pauses } from '../delivery/pauses.ts';

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** False where the waits were ended. */
  wait(milliseconds: number): Promise<boolean>;
  end(): void;
}

export function systemClock(): Clock {
  const pauses = new Pauses();
  return { now: () => Date.now(), wait: (milliseconds) => pauses.wait(milliseconds), end: () => pauses.end() };
}

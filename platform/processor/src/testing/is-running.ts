import { readFileSync } from 'node:fs';

/** Whether there is such a process and it has not ended, even where nobody has asked yet how. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

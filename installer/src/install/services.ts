import { setTimeout as delay } from 'node:timers/promises';
import { exec, tryExec } from '@ampoule/lib/exec';
import { installError } from './errors.ts';

const POLL_MS = 100;

/** Starts a unit, or starts it anew when its files changed, and has it start at boot. @throws AMP_COMMAND_FAILED */
export async function startService(unit: string, { restart }: { restart: boolean }): Promise<void> {
  await exec('systemctl', ['daemon-reload']);
  await exec('systemctl', ['enable', '--quiet', unit]);
  await exec('systemctl', [restart ? 'restart' : 'start', unit]);
}

export async function isActive(unit: string): Promise<boolean> {
  return (await tryExec('systemctl', ['is-active', '--quiet', unit])).code === 0;
}

/** Waits until a condition holds. @throws AMP_NOT_READY with the last lines of the unit's log */
export async function waitForService(unit: string, ready: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (await ready().catch(() => false)) return;
    await delay(POLL_MS);
  }
  const log = await tryExec('journalctl', ['--unit', unit, '--no-pager', '--lines', '15', '--output', 'cat']);
  throw installError('AMP_NOT_READY', {
    what: `${unit} did not become ready within ${timeoutMs / 1000} s`,
    why: log.stdout.trim(),
    fix: `Look at "journalctl -u ${unit}", then run "ampoule install" again.`,
  });
}

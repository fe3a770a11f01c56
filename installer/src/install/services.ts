import { setTimeout as delay } from 'node:timers/promises';
import { exec, tryExec } from '@ampoule/lib/exec';
import { installError } from './errors.ts';

const POLL_MS = 100;

/**
 * Starts a unit with its files as they are now, and has it start at boot. One that runs is started anew: an earlier try may
 * have been killed after it wrote the files. @throws AMP_COMMAND_FAILED
 */
export async function startService(unit: string): Promise<void> {
  await enableService(unit);
  await exec('systemctl', ['restart', unit]);
}

/** Makes systemd read a unit's files and start it at boot. @throws AMP_COMMAND_FAILED */
export async function enableService(unit: string): Promise<void> {
  await exec('systemctl', ['daemon-reload']);
  await exec('systemctl', ['enable', '--quiet', unit]);
}

/** Whether a unit runs and starts at boot. */
export async function isInService(unit: string): Promise<boolean> {
  const [active, enabled] = await Promise.all(['is-active', 'is-enabled'].map((verb) => tryExec('systemctl', [verb, '--quiet', unit])));
  return active?.code === 0 && enabled?.code === 0;
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

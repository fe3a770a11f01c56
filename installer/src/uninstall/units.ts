import { type Host, PROGRAM_ABSENT } from '../host/host.ts';
import { paths, units } from '../paths.ts';
import type { UninstallContext } from './model.ts';

/** In the order in which they are stopped. */
export const ourUnits = units.toReversed();

/** Whether a unit's file is one that the installer wrote: each of them runs a program of ours. */
export async function isOurUnit(host: Host, unit: string): Promise<boolean> {
  return ((await host.readText(`${paths.units}/${unit}`)) ?? '').includes(paths.programs);
}

/** Takes the unit files away and makes systemd forget them. */
export async function removeUnits({ host, removed, problem }: UninstallContext): Promise<void> {
  let changed = false;
  for (const unit of ourUnits) {
    if (!(await isOurUnit(host, unit))) continue;
    await host.run('systemctl', ['disable', unit], { timeoutMs: 30_000 });
    for (const target of ['multi-user.target', 'default.target']) await host.remove(`${paths.units}/${target}.wants/${unit}`);
    await host.remove(`${paths.units}/${unit}.d`);
    await host.remove(`${paths.units}/${unit}`);
    removed('service', unit);
    changed = true;
  }
  if (!changed) return;
  const { code, stderr } = await host.run('systemctl', ['daemon-reload'], { timeoutMs: 60_000 });
  if (code !== 0 && code !== PROGRAM_ABSENT) problem(`systemctl daemon-reload: ${stderr.trim()}`);
  // Fails for a unit that has not failed, which is as well.
  await host.run('systemctl', ['reset-failed', ...ourUnits], { timeoutMs: 30_000 });
}

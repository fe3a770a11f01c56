import { messageOf } from '@ampoule/lib/errors';
import { type Host, PROGRAM_ABSENT } from '../host/host.ts';
import { paths } from '../paths.ts';
import type { UndoContext } from './model.ts';
import { endProgram } from './processes.ts';

const STOP_MS = 60_000;

/** Whether a unit's file is one that the installer wrote: each of them runs a program of ours. */
export async function isOurUnit(host: Host, unit: string): Promise<boolean> {
  return ((await host.readText(`${paths.units}/${unit}`)) ?? '').includes(paths.programs);
}

/** Stops a service of ours, ends its program where stopping did not, takes the unit away and makes systemd forget it. */
export async function removeService(context: UndoContext, unit: string, program: string): Promise<void> {
  const { host, removed, problem } = context;
  const ours = await isOurUnit(host, unit);
  // A stop that fails is no problem yet: what still runs is ended after it.
  if (ours) await host.run('systemctl', ['stop', unit], { timeoutMs: STOP_MS }).catch(messageOf);
  await endProgram(context, program);
  if (!ours) return;
  await host.run('systemctl', ['disable', unit], { timeoutMs: 30_000 });
  for (const target of ['multi-user.target', 'default.target']) await host.remove(`${paths.units}/${target}.wants/${unit}`);
  await host.remove(`${paths.units}/${unit}.d`);
  await host.remove(`${paths.units}/${unit}`);
  removed('service', unit);
  const { code, stderr } = await host.run('systemctl', ['daemon-reload'], { timeoutMs: 60_000 });
  if (code !== 0 && code !== PROGRAM_ABSENT) problem(`systemctl daemon-reload: ${stderr.trim()}`);
  // Fails for a unit that has not failed, which is as well.
  await host.run('systemctl', ['reset-failed', unit], { timeoutMs: 30_000 });
}

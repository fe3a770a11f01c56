import { messageOf } from '@ampoule/lib/errors';
import { sysctlPath } from '../host/sysctl.ts';
import { paths } from '../paths.ts';
import type { UninstallContext } from './model.ts';

/** Removes the files of kernel settings and modules, and gives each setting the value that it had. */
export async function restoreSettings({ host, before, removed, problem }: UninstallContext): Promise<void> {
  for (const file of [paths.sysctl, paths.modules]) if (await host.remove(file)) removed('file', file);
  for (const [name, value] of Object.entries(before.sysctl)) {
    const path = sysctlPath(name);
    const current = (await host.readText(path))?.trim();
    if (current === undefined || current === value) continue;
    try {
      await host.write(path, value);
      removed('setting', `${name}=${current}`);
    } catch (error) {
      problem(`${name} cannot be set back to ${value}: ${messageOf(error)}`);
    }
  }
}

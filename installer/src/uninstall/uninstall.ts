import { messageOf } from '@ampoule/lib/errors';
import { hostError } from '../host/errors.ts';
import type { Host } from '../host/host.ts';
import { type HostBefore, hostBeforePath, readHostBefore } from '../host/host-before.ts';
import { paths } from '../paths.ts';
import { removeCgroups } from './cgroups.ts';
import { removeData, removeLast, removeShared } from './files.ts';
import type { UninstallContext, UninstallProgress, UninstallReport, UninstallStep } from './model.ts';
import { removeMounts } from './mounts.ts';
import { removeInterfaces, removeNftTables, removeRoutes } from './network.ts';
import { stopPods, stopPrograms } from './processes.ts';
import { stopKubelet, stopServices } from './services.ts';
import { restoreSettings } from './settings.ts';
import { isOurUnit, ourUnits, removeUnits } from './units.ts';

/** In this order each step finds nothing in its way, and what the next run needs to know goes last. */
const steps: readonly UninstallStep[] = [
  { title: 'kubelet', run: stopKubelet },
  { title: 'pods', run: stopPods },
  { title: 'services', run: stopServices },
  { title: 'programs', run: stopPrograms },
  { title: 'mounts', run: removeMounts },
  { title: 'nft tables', run: removeNftTables },
  { title: 'routes', run: removeRoutes },
  { title: 'interfaces', run: removeInterfaces },
  { title: 'control groups', run: removeCgroups },
  { title: 'units', run: removeUnits },
  { title: 'settings', run: restoreSettings },
  { title: 'files of Kubernetes', run: removeShared },
  { title: 'data', run: removeData },
];

const lastStep: UninstallStep = { title: 'journal and programs', run: removeLast };

export interface UninstallOptions {
  host: Host;
  onProgress?: (progress: UninstallProgress) => void;
}

/**
 * Removes the appliance from the host. It may be killed and run again, and takes away what an install left that was cut short.
 * @throws AMP_NOT_INSTALLED when there is nothing to remove
 */
export async function uninstall({ host, onProgress }: UninstallOptions): Promise<UninstallReport> {
  await demandSomething(host);
  const report: UninstallReport = { removed: [], problems: [] };
  const total = steps.length + 1;
  let step = 'preparation';
  const context: UninstallContext = {
    host,
    before: await hostBefore(host, report),
    owned: (await host.exists(paths.journal)) || (await host.exists(hostBeforePath)),
    removed: (kind, name) => report.removed.push({ kind, name }),
    problem: (reason) => report.problems.push({ step, reason }),
  };
  const perform = async ({ title, run }: UninstallStep, index: number) => {
    step = title;
    onProgress?.({ step, index, total });
    await run(context).catch((error: unknown) => context.problem(messageOf(error)));
  };
  for (const [index, each] of steps.entries()) await perform(each, index);
  if (report.problems.length === 0) await perform(lastStep, total - 1);
  return report;
}

/** Whether the host has an Ampoule or remains of one. */
export async function hasRemains(host: Host): Promise<boolean> {
  for (const path of [paths.programs, paths.config, paths.data, paths.logs, paths.sysctl, paths.modules])
    if (await host.exists(path)) return true;
  for (const unit of ourUnits) if (await isOurUnit(host, unit)) return true;
  return false;
}

async function demandSomething(host: Host): Promise<void> {
  if (await hasRemains(host)) return;
  throw hostError('AMP_NOT_INSTALLED', {
    what: 'There is no Ampoule on this host',
    fix: 'Nothing has to be done here; check that this is the host that you mean.',
  });
}

async function hostBefore(host: Host, report: UninstallReport): Promise<HostBefore> {
  try {
    return await readHostBefore(host);
  } catch (error) {
    report.problems.push({ step: 'preparation', reason: messageOf(error) });
    // Nothing is known of the host as it was: no directory that others may have made is removed.
    return { sysctl: {}, createdDirectories: [], createdFiles: [], mounts: [] };
  }
}

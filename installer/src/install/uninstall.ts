import { dirname } from 'node:path';
import { messageOf } from '@ampoule/lib/errors';
import { hostError } from '../host/errors.ts';
import type { Host } from '../host/host.ts';
import { type HostBefore, hostBeforePath, readHostBefore } from '../host/host-before.ts';
import { isBelow } from '../host/mounts.ts';
import { paths, units } from '../paths.ts';
import { removeFile, removeFolder } from '../uninstall/files.ts';
import type { Undoable, UndoContext, UninstallProgress, UninstallReport } from '../uninstall/model.ts';
import { isOurUnit } from '../uninstall/services.ts';
import { Journal, type JournalRecord } from './journal.ts';
import { installSteps } from './plan.ts';

/** What belongs to no step alone. */
const common: Undoable = { id: 'common', title: 'Configuration, data and logs', undo: removeCommon };

/** What the next run needs to know, and the programs that carry this out: only when all else is gone. */
const last: Undoable = { id: 'last', title: 'Journal and programs', undo: removeLast };

export interface UninstallOptions {
  host: Host;
  onProgress?: (progress: UninstallProgress) => void;
}

/**
 * Removes the appliance from the host: undoes the steps of the install, the last one first. It may be killed and run again, and takes
 * away what an install left that was cut short. @throws AMP_NOT_INSTALLED when there is nothing to remove
 */
export async function uninstall({ host, onProgress }: UninstallOptions): Promise<UninstallReport> {
  await demandSomething(host);
  const report: UninstallReport = { removed: [], problems: [] };
  const record = recorder(host);
  let current = 'preparation';
  const context = await undoContext(host, report, () => current);
  const stages = [...installSteps.toReversed(), common, last];
  for (const [index, { id, title, undo }] of stages.entries()) {
    if (id === last.id && report.problems.length > 0) break;
    current = id;
    onProgress?.({ step: id, title, index, total: stages.length });
    const before = report.problems.length;
    await record(id, 'undoing');
    await undo(context).catch((error: unknown) => context.problem(messageOf(error)));
    if (report.problems.length === before) await record(id, 'undone');
  }
  return report;
}

/**
 * Ends the undoing of steps in which an uninstall was cut short. Half a step is no state that its work can begin from: a cluster of which
 * only some parts were ended answers, and answers wrongly.
 */
export async function finishUndoing(host: Host): Promise<void> {
  const half = await new Journal(host.at(paths.journal)).halfUndone();
  const steps = installSteps.toReversed().filter(({ id }) => half.has(id));
  if (steps.length === 0) return;
  const record = recorder(host);
  const report: UninstallReport = { removed: [], problems: [] };
  const context = await undoContext(host, report, () => 'preparation');
  for (const { id, undo } of steps) {
    await undo(context);
    await record(id, 'undone');
  }
}

async function undoContext(host: Host, report: UninstallReport, step: () => string): Promise<UndoContext> {
  return {
    host,
    before: await hostBefore(host, report),
    owned: (await host.exists(paths.journal)) || (await host.exists(hostBeforePath)),
    removed: (kind, name) => report.removed.push({ kind, name }),
    problem: (reason) => report.problems.push({ step: step(), reason }),
  };
}

/** Whether the host has an Ampoule or remains of one. */
export async function hasRemains(host: Host): Promise<boolean> {
  for (const path of [paths.programs, paths.config, paths.data, paths.logs, paths.sysctl, paths.modules])
    if (await host.exists(path)) return true;
  for (const unit of units) if (await isOurUnit(host, unit)) return true;
  return false;
}

async function removeCommon(context: UndoContext): Promise<void> {
  const { host } = context;
  for (const folder of [paths.config, paths.logs, paths.run]) await removeFolder(context, folder);
  for (const name of await host.list(paths.data)) {
    const path = `${paths.data}/${name}`;
    if (path !== paths.journal && path !== hostBeforePath) await removeFolder(context, path);
  }
}

async function removeLast(context: UndoContext): Promise<void> {
  const { host, before } = context;
  for (const folder of [paths.data, paths.programs]) await removeFolder(context, folder);
  const target = await host.readLink(paths.command);
  if (target !== undefined && isBelow(target, paths.programs)) await removeFile(context, paths.command);
  const folder = dirname(paths.command);
  if (before.createdDirectories.includes(folder)) await host.removeDirectory(folder);
}

/** Writes into the journal, where there is one: an install after an uninstall that was cut short does each undone step again. */
function recorder(host: Host): (step: string, event: JournalRecord['event']) => Promise<void> {
  const journal = new Journal(host.at(paths.journal));
  return async (step, event) => {
    // A disk that is full must not stand in the way of making room.
    if (await host.exists(paths.journal)) await journal.append({ step, event }).catch(() => undefined);
  };
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

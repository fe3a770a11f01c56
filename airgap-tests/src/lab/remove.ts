import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryExec } from '@ampoule/lib/exec';
import { findGroups, removeGroups } from './cgroups.ts';
import { labError } from './errors.ts';
import { namespaces, removeNamespace } from './network.ts';
import { isAlive, type RunRecord, readRecords, removeRecord } from './owner.ts';
import { groupName, labName } from './paths.ts';
import { removeTree } from './rootfs.ts';

// nspawn leaves these behind when it is killed.
const PROPAGATE = '/run/systemd/nspawn/propagate';

/** Removes all that there is of a run: processes, cgroups, namespaces, mounts, directories. What is gone already is fine. @throws AMP_LAB_CLEANUP */
export async function removeRun(record: RunRecord): Promise<void> {
  const { run, directory } = record;
  await removeGroups(await findGroups(record.groupParents, groupName(run, '')));
  for (const namespace of await namespaces(labName(run, ''))) await removeNamespace(namespace);
  // Another process may be removing the same dead run, so that only the outcome counts.
  for (const mount of await mountsBelow(directory)) await tryExec('umount', [mount], { timeoutMs: 30_000 });
  const mounted = await mountsBelow(directory);
  if (mounted.length > 0) {
    throw labError('AMP_LAB_CLEANUP', {
      what: `These mounts are still in use: ${mounted.join(', ')}`,
      fix: 'End what uses them (`fuser -vm PATH` shows it), then run `node airgap-tests/setup.mjs down`.',
    });
  }
  await removeTree(directory);
  const left = (await readdir(PROPAGATE).catch(() => [])).filter((name) => name.startsWith(labName(run, '')));
  for (const name of left) await removeTree(join(PROPAGATE, name));
  await removeRecord(run);
}

/** Removes the runs whose process is gone, and never those that were to outlive it. Gives their names. */
export async function removeDeadRuns(): Promise<string[]> {
  const records = await readRecords();
  const removed: string[] = [];
  for (const record of records) {
    if (record.kept || (await isAlive(record))) continue;
    await removeRun(record);
    removed.push(record.run);
  }
  await removeOrphans(new Set(records.map((record) => record.run)));
  return removed;
}

// A run writes its record before it makes a namespace, so one without a record has no owner.
async function removeOrphans(known: ReadonlySet<string>): Promise<void> {
  for (const namespace of await namespaces('amp-')) {
    const run = /^amp-([0-9a-f]{6})-/.exec(namespace)?.[1];
    if (run === undefined || known.has(run)) continue;
    if (!(await readRecords()).some((record) => record.run === run)) await removeNamespace(namespace);
  }
}

/** Mount points below a directory, deepest first. */
export async function mountsBelow(directory: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mounts', 'utf8')).trim().split('\n');
  const points = lines.map((line) => line.split(' ')[1] ?? '');
  return points.filter((point) => point.startsWith(`${directory}/`)).reverse();
}

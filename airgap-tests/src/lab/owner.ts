import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

// Not below the repository: other clones on this machine must see which runs are alive.
const RECORDS = '/run/ampoule-lab';

/** What a later process needs to know to remove a run whose own process is gone. */
export interface RunRecord {
  run: string;
  pid: number;
  /** Start time of the process, since process ids are used again. */
  started: string;
  /** True when the run is to outlive its process. */
  kept: boolean;
  directory: string;
  /** Where the cgroups of the run's hosts are; they depend on the process that made them. */
  groupParents: string[];
}

/** Writes who owns a run; this comes before anything else of the run is made. */
export async function writeRecord(record: RunRecord): Promise<void> {
  await mkdir(RECORDS, { recursive: true });
  const temporary = join(RECORDS, `.${record.run}.${process.pid}`);
  await writeFile(temporary, JSON.stringify(record));
  await rename(temporary, join(RECORDS, `${record.run}.json`));
}

/** Forgets a run, when nothing of it is left. */
export async function removeRecord(run: string): Promise<void> {
  await rm(join(RECORDS, `${run}.json`), { force: true });
}

/** All runs on this machine; a record that cannot be read is left out. */
export async function readRecords(): Promise<RunRecord[]> {
  const names = await readdir(RECORDS).catch(() => []);
  const files = names.filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  const records = await Promise.all(files.map((name) => readRecord(join(RECORDS, name))));
  return records.filter((record) => record !== undefined);
}

/** The record of this process for a run. */
export async function recordOf(run: string, directory: string, groupParents: string[]): Promise<RunRecord> {
  return { run, pid: process.pid, started: (await startTime(process.pid)) ?? '', kept: false, directory, groupParents };
}

/** Whether the process that made a run still works on it. */
export async function isAlive(record: RunRecord): Promise<boolean> {
  return (await startTime(record.pid)) === record.started;
}

async function readRecord(file: string): Promise<RunRecord | undefined> {
  const text = await readFile(file, 'utf8').catch(() => 'null');
  const value: unknown = JSON.parse(text);
  return isRecord(value) && value.run === basename(file, '.json') ? value : undefined;
}

function isRecord(value: unknown): value is RunRecord {
  if (typeof value !== 'object' || value === null) return false;
  if (!('run' in value && 'pid' in value && 'started' in value && 'kept' in value && 'directory' in value && 'groupParents' in value))
    return false;
  return (
    typeof value.run === 'string' &&
    typeof value.pid === 'number' &&
    typeof value.directory === 'string' &&
    Array.isArray(value.groupParents)
  );
}

async function startTime(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is a name in parentheses that can hold blanks.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

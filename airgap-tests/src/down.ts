import { messageOf } from '@ampoule/lib/errors';
import { isAlive, type RunRecord, readRecords } from './lab/owner.ts';
import { removeDeadRuns, removeRun } from './lab/remove.ts';

/**
 * Takes down the named runs of the lab. `--dead` removes what was left by processes that were killed, and never what was kept up on purpose.
 * Without a name nothing is removed: a run that was kept may be somebody else's, so that each is shown instead.
 */
async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--dead')) return say('Taken down', await removeDeadRuns());
  const records = await readRecords();
  if (args.length === 0) {
    const lines = await Promise.all(records.map(describe));
    process.stdout.write(lines.length === 0 ? 'No lab is up.\n' : `Name the runs to take down:\n${lines.join('')}`);
    return;
  }
  const unknown = args.filter((name) => records.every((record) => record.run !== name));
  if (unknown.length > 0) throw new Error(`There is no run ${unknown.join(', ')}. Without a name this shows all runs.`);
  for (const record of records.filter((each) => args.includes(each.run))) await removeRun(record);
  say('Taken down', args);
}

async function describe(record: RunRecord): Promise<string> {
  const owner = (await isAlive(record)) ? `in use by process ${record.pid}` : 'its process has ended';
  return `  ${record.run}  ${record.kept ? 'kept up on purpose, ' : ''}${owner}  ${record.directory}\n`;
}

function say(what: string, runs: readonly string[]): void {
  if (runs.length > 0) process.stdout.write(`${what}: ${runs.join(', ')}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});

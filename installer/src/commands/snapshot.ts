import { readFile, writeFile } from 'node:fs/promises';
import { parseJson } from '@ampoule/lib/parse';
import type { Printer } from '@ampoule/lib/print';
import { Command } from 'commander';
import * as z from 'zod';
import { compareSnapshots, type HostSnapshot, takeSnapshot } from '../host/snapshot.ts';

const snapshotSchema = z.record(z.string(), z.record(z.string(), z.string()));

/** `ampoule snapshot …`: lets an operator prove that an uninstall left nothing behind. */
export function snapshotCommand(printer: () => Printer): Command {
  const command = new Command('snapshot').description('note down what is on this host, and compare it later');
  command
    .command('take <file>')
    .description('write processes, mounts, interfaces, routes, control groups, files, units and settings into a file')
    .option('--nft <program>', 'an nft program, to note down packet filter tables too')
    .action(async (file: string, { nft }: { nft?: string }) => {
      const snapshot = await takeSnapshot(nft === undefined ? {} : { nft });
      await writeFile(file, JSON.stringify(snapshot), { mode: 0o600 });
      const things = Object.values(snapshot).reduce((sum, names) => sum + Object.keys(names).length, 0);
      printer().line(`Noted down ${things} things in ${file}`);
      printer().result({ file, things });
    });
  command
    .command('compare <file>')
    .description('show what differs from a snapshot; exit code 1 when something does')
    .option('--nft <program>', 'an nft program, when the snapshot was taken with one')
    .action(async (file: string, { nft }: { nft?: string }) => {
      const before = parseJson(snapshotSchema, await readFile(file, 'utf8'), file) as HostSnapshot;
      const differences = compareSnapshots(before, await takeSnapshot(nft === undefined ? {} : { nft }));
      for (const { kind, change, name } of differences) printer().line(`  ${change.padEnd(8)} ${kind.padEnd(10)} ${name}`);
      printer().line(differences.length === 0 ? 'Nothing differs.' : `${differences.length} things differ.`);
      printer().result(differences);
      if (differences.length > 0) process.exitCode = 1;
    });
  return command;
}

import { formatBytes, type Printer } from '@ampoule/lib/print';
import { Command } from 'commander';
import { createHost } from '../host/host.ts';
import { lockHost } from '../install/lock.ts';
import { collectRegistry } from '../registry/collect.ts';

/** `ampoule registry …` */
export function registryCommand(printer: () => Printer): Command {
  const command = new Command('registry').description('the private registry of the appliance');
  command
    .command('collect')
    .description('free the disk of what no image in the registry uses; nothing can be pushed meanwhile')
    .action(async () => {
      // An install that fills the registry and a collection would be in each other's way.
      await lockHost();
      const { blobs, before, after } = await collectRegistry(createHost());
      const freed = Math.max(before - after, 0);
      printer().line(
        blobs === 0
          ? `Every image uses what is there: ${formatBytes(before)}.`
          : `Freed ${formatBytes(freed)} of ${formatBytes(before)}: ${blobs} blobs that no image used.`,
      );
      printer().result({ blobs, before, after, freed });
    });
  return command;
}

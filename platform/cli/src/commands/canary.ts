import { setTimeout as delay } from 'node:timers/promises';
import { parse } from '@ampoule/lib/parse';
import type { Command } from 'commander';
import * as z from 'zod';
import { type Alias, changeAlias, listAliases } from '../aliases.ts';
import type { ApiClient } from '../api-client.ts';
import { showProgress } from '../deploy/progress.ts';
import { count, duration } from '../deploy/values.ts';
import { cliError } from '../errors.ts';
import { show } from '../output.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';
import { versionNumber } from './versions.ts';

const POLL_MS = 1000;
const DECIMAL = /^\d+(\.\d+)?$/;

const flagsSchema = z.object({
  '--to': versionNumber.optional(),
  '--weight': count.optional(),
  '--step-weight': count.optional(),
  '--interval': z.string().optional(),
  '--max-error-rate': z.string().regex(DECIMAL, 'must be a percentage such as 0.5').transform(Number).optional(),
  '--min-requests': count.optional(),
  '--progress-deadline': duration.optional(),
});

interface CanaryFlags {
  to?: string;
  weight?: string;
  stepWeight?: string;
  interval?: string;
  maxErrorRate?: string;
  minRequests?: string;
  progressDeadline?: string;
  wait?: boolean;
}

/** Gives a version a share of the calls of an alias, which moves on its own. */
export function addCanary(parent: Command, shell: Shell): Command {
  const command = parent
    .command('canary <name> <alias>')
    .description('give a version a share of the calls, which grows while few of them fail')
    .option('--to <version>', 'number of the version that gets the share; the newest by default')
    .option('--weight <percent>', 'share at the beginning; a step by default')
    .option('--step-weight <percent>', 'how much the share grows at a time; with 0 it stays as it is (default: 20)')
    .option('--interval <duration>', 'how long each share is watched (default: 1m)')
    .option('--max-error-rate <percent>', 'how many of its calls may fail; above that it goes back (default: 1)')
    .option('--min-requests <count>', 'calls at each share before it grows (default: 10)')
    .option('--progress-deadline <duration>', 'how long a share may take before it goes back (default: 10m)')
    .option('--wait', 'show how it goes on, and fail where it goes back')
    .action(async (functionName: string, alias: string, flags: CanaryFlags) => {
      const body = bodyOf(flags);
      const api = await shell.connect();
      const begun = await changeAlias(api, { functionName, alias, what: 'canary' }, body);
      const version = begun.canary?.version ?? begun.version;
      if (flags.wait === true) return showUntilEnd(shell, api, { functionName, alias, version });
      const text = () => `Version ${version} of function ${functionName} begins to get calls of ${alias}.`;
      show(shell.printer, { data: begun, text });
    });
  return withExamples(
    command,
    'ampoule fn canary hello live',
    'ampoule fn canary hello live --step-weight 10 --interval 5m --max-error-rate 0.5 --wait',
    'ampoule fn canary hello live --to 4 --weight 5 --step-weight 0',
  );
}

/** Makes the canary the version that gets all calls. */
export function addPromote(parent: Command, shell: Shell): Command {
  const command = parent
    .command('promote <name> <alias>')
    .description('give all calls of an alias to its canary at once')
    .action(async (functionName: string, alias: string) => {
      const data = await changeAlias(await shell.connect(), { functionName, alias, what: 'promote' });
      show(shell.printer, { data, text: () => `Alias ${alias} of function ${functionName} leads to version ${data.version}.` });
    });
  return withExamples(command, 'ampoule fn promote hello live');
}

function bodyOf(flags: CanaryFlags): object {
  const given = parse(
    flagsSchema,
    {
      '--to': flags.to,
      '--weight': flags.weight,
      '--step-weight': flags.stepWeight,
      '--interval': flags.interval,
      '--max-error-rate': flags.maxErrorRate,
      '--min-requests': flags.minRequests,
      '--progress-deadline': flags.progressDeadline,
    },
    'The command line',
  );
  const deadlineMs = given['--progress-deadline'];
  return {
    version: given['--to'],
    weight: given['--weight'],
    stepWeight: given['--step-weight'],
    interval: given['--interval'],
    maxErrorRate: given['--max-error-rate'],
    minRequests: given['--min-requests'],
    progressDeadlineSeconds: deadlineMs === undefined ? undefined : Math.ceil(deadlineMs / 1000),
  };
}

/** @throws AMP_CLI_CANARY_FAILED */
async function showUntilEnd(
  shell: Shell,
  api: ApiClient,
  { functionName, alias, version }: { functionName: string; alias: string; version: number },
): Promise<void> {
  const progress = showProgress(shell.printer, `Canary of ${functionName}`, shell.isJson);
  const ended = await end().finally(progress.stop);
  if (ended?.version === version) return show(shell.printer, { data: ended, text: () => ended.message });
  throw cliError('AMP_CLI_CANARY_FAILED', {
    what: `Version ${version} of function ${functionName} does not get the calls of ${alias}`,
    ...(ended === undefined ? {} : { why: ended.message }),
    fix: `Mend the function and deploy it again; calls go to ${ended === undefined ? 'nobody' : `version ${ended.version}`} until then.`,
  });

  async function end(): Promise<Alias | undefined> {
    for (let told = ''; ; await delay(POLL_MS)) {
      const found = (await listAliases(api, functionName)).find(({ name }) => name === alias);
      // What is said of an alias is that of its last canary until the new one has been looked at.
      if (found?.canary?.version !== version) return found;
      if (found.phase === 'Progressing' && found.message !== told) progress.state(found.message);
      if (found.phase === 'Progressing') told = found.message;
    }
  }
}

import { parse } from '@ampoule/lib/parse';
import { annotations } from '@ampoule/platform-api/constants';
import { functionSpecSchema } from '@ampoule/platform-api/function';
import type { Command } from 'commander';
import * as z from 'zod';
import type { ApiClient } from '../api-client.ts';
import { addBuildFlags } from '../deploy/flags.ts';
import { prepareFunction } from '../deploy/prepare.ts';
import { showProgress } from '../deploy/progress.ts';
import { duration } from '../deploy/values.ts';
import { waitUntilReady } from '../deploy/wait.ts';
import { cliError } from '../errors.ts';
import { show } from '../output.ts';
import { findObject, functions, getObject } from '../resources.ts';
import { addOriginFlags, type OriginFlags, putFunction } from './deploy.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

/** Builds the image of a function that does not run, and keeps the function as imported. */
export function addBuild(parent: Command, shell: Shell): Command {
  const command = addOriginFlags(shell.verb(parent, 'build [path-or-name]').description('build the image of a function, and do not run it'))
    .option('--timeout <duration>', 'how long to wait for the image, for example 90s', '10m')
    .action(async (target: string | undefined, flags: OriginFlags & { timeout: string }, self: Command) => {
      const timeoutMs = parse(duration, flags.timeout, '--timeout');
      const prepared = await prepareFunction({ target, ...flags }, self);
      const { metadata } = prepared.config;
      const api = await shell.connect();
      await mustNotRun(api, metadata.name);
      const held = { ...metadata, annotations: { ...metadata.annotations, [annotations.skipDeploy]: 'true' } };
      await putFunction(api, { ...prepared, config: { ...prepared.config, metadata: held } });
      const progress = showProgress(shell.printer, `Building ${metadata.name}`, shell.isJson);
      await waitUntilReady(api, metadata.name, { timeoutMs, progress }).finally(progress.stop);
      const { image } = functionSpecSchema.parse((await getObject(api, functions, metadata.name)).spec);
      show(shell.printer, {
        data: { name: metadata.name, image },
        text: () => `Image ${image} is built. Run it:\n  ampoule fn deploy ${metadata.name} --run-image ${image}`,
      });
    });
  const at = shell.words(parent, 'build');
  return withExamples(addBuildFlags(command), `${at} ./hello`, `${at} main.py --name hello --build-command 'pip install requests'`);
}

/** What only builds would take the pods of a function that runs. @throws AMP_CLI_BUILD_RUNS */
async function mustNotRun(api: ApiClient, name: string): Promise<void> {
  const found = await findObject(api, functions, name);
  const state = found?.status?.state;
  const { annotations: marks } = z.object({ annotations: z.record(z.string(), z.string()).nullish() }).parse(found?.metadata ?? {});
  // One of a build before this one does not run either, however that ended.
  if (state === undefined || state === 'imported' || marks?.[annotations.skipDeploy] === 'true') return;
  throw cliError('AMP_CLI_BUILD_RUNS', {
    what: `Function ${name} is there, and is ${state}`,
    why: 'Building it without running it would stop it.',
    fix: 'Build it under another --name, or deploy it: its versions stay, and "ampoule fn rollback" brings one back.',
  });
}

import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import type { Appliance } from '../appliance.ts';
import { buildBundle } from '../bundle.ts';
import { openSite } from '../site.ts';
import { benchActivator } from './activator.ts';
import { benchColdStarts } from './cold-starts.ts';
import { benchReconcile } from './reconcile.ts';
import { percentiles } from './spread.ts';

const DEPLOYS = 20;

const functionSchema = z.looseObject({
  status: z.looseObject({ state: z.string().optional(), logs: z.array(z.looseObject({ message: z.string() })).nullish() }),
});

/** Deploys, cold starts, and the controller's restart, on one sealed host. */
export async function benchControlPlane(progress: (text: string) => void): Promise<unknown> {
  const bundle = await buildBundle(progress);
  const appliance = await openSite(bundle.file, { name: 'bench' });
  try {
    progress('installing');
    await appliance.install();
    return {
      deploy: await benchDeploys(appliance, progress),
      activator: await benchActivator(appliance),
      coldStart: await benchColdStarts(appliance, progress),
      reconcile: await benchReconcile(appliance, progress),
    };
  } finally {
    await appliance.lab.close();
  }
}

/** Functions from source that were never there before, one after the other, each called when the API says that it is ready. */
async function benchDeploys(appliance: Appliance, progress: (text: string) => void) {
  const builds: number[] = [];
  const ready: number[] = [];
  const answered: number[] = [];
  for (let i = 1; i <= DEPLOYS; i += 1) {
    const name = `deployed-${i}`;
    const started = performance.now();
    await appliance.deploy(name, `exports.handler = () => "answer ${i}"\n`);
    ready.push((performance.now() - started) / 1000);
    const { status, body } = await appliance.call(name, '');
    answered.push((performance.now() - started) / 1000);
    if (status !== 200 || body !== `answer ${i}`) throw new Error(`${name} answered ${status}: ${body}`);
    builds.push(await buildSecondsOf(appliance, name));
    await appliance.api('DELETE', '/functions', { metadata: { name } });
  }
  progress(`${DEPLOYS} deploys`);
  return {
    deploys: DEPLOYS,
    buildSeconds: percentiles(builds),
    codeToReadySeconds: percentiles(ready),
    codeToAnswerSeconds: percentiles(answered),
  };
}

async function buildSecondsOf(appliance: Appliance, name: string): Promise<number> {
  const { status } = await functionOf(appliance, name);
  const text = (status.logs ?? []).map(({ message }) => message).join('\n');
  return Number(/was built in (\d+) ms/.exec(text)?.[1]) / 1000;
}

async function functionOf(appliance: Appliance, name: string) {
  return parseJson(functionSchema, (await appliance.api('GET', `/functions/${name}`)).body, name);
}

import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import type { Appliance } from '../appliance.ts';
import { buildBundle } from '../bundle.ts';
import { openSite } from '../site.ts';
import { until } from '../until.ts';
import { benchReconcile } from './reconcile.ts';
import { percentiles } from './spread.ts';

const DEPLOYS = 20;
const COLD_STARTS = 200;
const WAIT = { 'x-nuclio-wait-function-action': 'true' };
const TIMEOUT_MS = 60_000;

const functionSchema = z.looseObject({
  status: z.looseObject({ state: z.string().optional(), logs: z.array(z.looseObject({ message: z.string() })).nullish() }),
});

/** Deploys, cold starts without a pool, and the controller's restart, on one sealed host. */
export async function benchControlPlane(progress: (text: string) => void): Promise<unknown> {
  const bundle = await buildBundle(progress);
  const appliance = await openSite(bundle.file, { name: 'bench' });
  try {
    progress('installing');
    await appliance.install();
    return {
      deploy: await benchDeploys(appliance, progress),
      coldStartMs: await benchColdStarts(appliance, progress),
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

/** Milliseconds that the activator held the first request of a function which had no pod, as it says itself. */
async function benchColdStarts(appliance: Appliance, progress: (text: string) => void) {
  const name = 'sleepy';
  const source = Buffer.from('exports.handler = () => "awake"').toString('base64');
  const spec = { runtime: 'nodejs', handler: 'main:handler', minReplicas: 0, maxReplicas: 1, build: { functionSourceCode: source } };
  await appliance.api('POST', '/functions', { metadata: { name }, spec }, WAIT);
  const held: number[] = [];
  while (held.length < COLD_STARTS) {
    await until('the function is ready', TIMEOUT_MS, async () => stateIs(appliance, name, 'ready'));
    await appliance.api('PATCH', `/functions/${name}`, { desiredState: 'scaledToZero' });
    await until('the function sleeps', TIMEOUT_MS, async () => stateIs(appliance, name, 'scaledToZero'));
    await until('its pod is gone', TIMEOUT_MS, async () => {
      const pods = await appliance.kubectl('-n', 'nuclio', 'get', 'pods', '-l', `nuclio.io/function-name=${name}`, '-o', 'name');
      return pods.trim() === '' || pods;
    });
    const answer = await appliance.call(name, '');
    if (answer.status !== 200 || answer.body !== 'awake') throw new Error(`${name} answered ${answer.status}: ${answer.body}`);
    held.push(Number(answer.headers['x-ampoule-cold-start-ms']));
    if (held.length % 20 === 0) progress(`${held.length} of ${COLD_STARTS} cold starts`);
  }
  return { starts: COLD_STARTS, withoutPool: percentiles(held) };
}

async function stateIs(appliance: Appliance, name: string, wanted: string): Promise<true | string> {
  const { state = '' } = (await functionOf(appliance, name)).status;
  return state === wanted || state;
}

async function functionOf(appliance: Appliance, name: string) {
  return parseJson(functionSchema, (await appliance.api('GET', `/functions/${name}`)).body, name);
}

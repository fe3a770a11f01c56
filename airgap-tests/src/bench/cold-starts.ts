import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import type { Appliance } from '../appliance.ts';
import { callOften } from '../call-often.ts';
import { until } from '../until.ts';
import { percentiles } from './spread.ts';

const TIMEOUT_MS = 60_000;
const WAIT = { 'x-nuclio-wait-function-action': 'true' };
const ANSWER = 'awake';

const SOURCES = {
  nodejs: `exports.handler = () => '${ANSWER}'`,
  python: `def handler(context, event):\n    return '${ANSWER}'\n`,
};

interface Plan {
  name: string;
  starts: number;
  /** Requests for each start, the first to a function that sleeps, the others while a pod of its own takes over. */
  requests: number;
  runtime: keyof typeof SOURCES;
  /** What keeps it from warm pods, where it is to start without one. */
  spec?: object;
}

const PLANS = {
  warmPod: { name: 'sleepy', starts: 200, requests: 50, runtime: 'nodejs' },
  warmPodPython: { name: 'sleepy-python', starts: 50, requests: 1, runtime: 'python' },
  ownPod: {
    name: 'sleepy-alone',
    starts: 50,
    requests: 1,
    runtime: 'nodejs',
    spec: { volumes: [{ volume: { name: 'room', emptyDir: {} }, volumeMount: { name: 'room', mountPath: '/room' } }] },
  },
} satisfies Record<string, Plan>;
/** A pod of its own is up, and the Service leads to it, within this time. */
const BURST_SECONDS = 2;
/** While one is called, the pods of the others end. */
const TAKING_TURNS = 3;

const POD_COLUMNS =
  'custom-columns=NAME:.metadata.name,OF:.metadata.labels.ampoule\\.internal/bound-to,READY:.status.containerStatuses[0].ready,ENDS:.metadata.deletionTimestamp,PHASE:.status.phase';

const functionSchema = z.looseObject({ status: z.looseObject({ state: z.string().optional() }) });
/** What the first call of a function that sleeps takes, by a warm pod and by a pod of its own; and whether any call is lost on the way. */
export async function benchColdStarts(appliance: Appliance, progress: (text: string) => void) {
  return {
    warmPod: await play(appliance, PLANS.warmPod, progress),
    warmPodPython: await play(appliance, PLANS.warmPodPython, progress),
    ownPod: await play(appliance, PLANS.ownPod, progress),
  };
}

async function play(appliance: Appliance, plan: Plan, progress: (text: string) => void) {
  const { starts, requests } = plan;
  const names = Array.from({ length: TAKING_TURNS }, (_, i) => `${plan.name}-${i}`);
  for (const name of names) {
    await create(appliance, name, plan);
    await putToSleep(appliance, name);
  }
  const held: number[] = [];
  const answered: number[] = [];
  const lost: string[] = [];
  for (let start = 1; start <= starts; start += 1) {
    const name = names[start % names.length] ?? '';
    await fallAsleep(appliance, name, plan.runtime);
    const outcome = await callOften(appliance, name, { answer: ANSWER, count: requests, seconds: BURST_SECONDS });
    lost.push(...outcome.lost);
    if (outcome.first.heldMs !== undefined) held.push(outcome.first.heldMs);
    if (outcome.first.ms !== undefined) answered.push(outcome.first.ms);
    await putToSleep(appliance, name);
    if (start % 20 === 0) progress(`${plan.name}: ${start} of ${starts} cold starts`);
  }
  return { starts, requests: starts * requests, lost, heldMs: percentiles(held), answeredMs: percentiles(answered) };
}

async function create(appliance: Appliance, name: string, { runtime, spec: more = {} }: Plan): Promise<void> {
  const source = Buffer.from(SOURCES[runtime]).toString('base64');
  const spec = {
    runtime,
    handler: 'main:handler',
    minReplicas: 0,
    maxReplicas: 1,
    build: { functionSourceCode: source },
    ...more,
  };
  await appliance.api('POST', '/functions', { metadata: { name }, spec }, WAIT);
}

async function putToSleep(appliance: Appliance, name: string): Promise<void> {
  await until('the function is ready', TIMEOUT_MS, () => stateIs(appliance, name, 'ready'));
  await appliance.api('PATCH', `/functions/${name}`, { desiredState: 'scaledToZero' });
}

/** Until its pods are gone, and a warm pod waits. */
async function fallAsleep(appliance: Appliance, name: string, runtime: string): Promise<void> {
  await until('the function sleeps', TIMEOUT_MS, () => stateIs(appliance, name, 'scaledToZero'));
  await until('its pods are gone', TIMEOUT_MS, async () => {
    const pods = await appliance.kubectl('-n', 'nuclio', 'get', 'pods', '-l', `nuclio.io/function-name=${name}`, '-o', 'name');
    return pods.trim() === '' || pods;
  });
  await until('a warm pod waits', TIMEOUT_MS, async () => {
    const ofRuntime = ['-l', `ampoule.internal/warm-runtime=${runtime}`];
    const found = await appliance.kubectl('-n', 'ampoule-warm', 'get', 'pods', ...ofRuntime, '--no-headers', '-o', POD_COLUMNS);
    return found.split('\n').some((line) => /^\S+ +<none> +true +<none>/.test(line)) || found;
  });
}

async function stateIs(appliance: Appliance, name: string, wanted: string): Promise<true | string> {
  const { state = '' } = parseJson(functionSchema, (await appliance.api('GET', `/functions/${name}`)).body, name).status;
  return state === wanted || state;
}

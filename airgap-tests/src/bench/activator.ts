import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import type { Appliance } from '../appliance.ts';
import { percentiles, spread } from './spread.ts';

const SCRIPT = join(import.meta.dirname, 'paired-calls.mjs');
const NAME = 'through-activator';
const CALLS = 2000;

const timesSchema = z.tuple([z.array(z.number()), z.array(z.number())]);

/** Milliseconds of a call to a function that is awake, straight and through the activator, in turns from a pod of the same host. */
export async function benchActivator(appliance: Appliance) {
  await appliance.deploy(NAME, 'exports.handler = () => "awake"\n');
  const own = await podIpOf(appliance, `nuclio.io/function-name=${NAME}`);
  const activator = await podIpOf(appliance, 'app.kubernetes.io/name=activator');
  const script = await readFile(SCRIPT, 'utf8');
  const places = [own, activator].flatMap((ip) => [`http://${ip}:8080/`, NAME]);
  const node = ['/usr/local/bin/node', '--input-type=module', '-e', script, '--', String(CALLS), ...places];
  const text = await appliance.kubectl('-n', 'nuclio', 'exec', `deploy/nuclio-${NAME}`, '--', ...node);
  const [straight, through] = parseJson(timesSchema, text, 'the times of the calls');
  await appliance.api('DELETE', '/functions', { metadata: { name: NAME } });
  return {
    calls: CALLS,
    straightMs: percentiles(straight),
    throughMs: percentiles(through),
    overheadMs: spread(through.map((ms, i) => ms - (straight[i] ?? Number.NaN))),
  };
}

function podIpOf(appliance: Appliance, selector: string): Promise<string> {
  return appliance.kubectl('-n', 'nuclio', 'get', 'pods', '-l', selector, '-o', 'jsonpath={.items[0].status.podIP}');
}

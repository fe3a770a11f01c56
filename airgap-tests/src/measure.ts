import { setTimeout as delay } from 'node:timers/promises';
import { Appliance, type InstallEvent } from './appliance.ts';
import { greetingSource } from './greeting.ts';
import type { Lab, SealedHost } from './lab/lab.ts';

/** What one trip from the bundle on disk to a function's answer took. */
export interface Figures {
  bundleBytes: number;
  preflightSeconds: number;
  installSeconds: number;
  /** From the press of the key for install to the answer of a function that was not there before. */
  firstAnswerSeconds: number;
  deploySeconds: number;
  callSeconds: number;
  /** Seconds of each step of the install. */
  steps: Record<string, number>;
}

export interface Trip {
  appliance: Appliance;
  figures: Figures;
  answer: string;
  url: string;
}

/** Goes the whole way once: preflight, install, a function from source, its answer through the ingress over TLS. */
export async function measureTrip(
  lab: Lab,
  host: SealedHost,
  bundle: { file: string; bytes: number },
  onProgress: (text: string) => void,
): Promise<Trip> {
  onProgress('carrying the bundle in');
  const appliance = await Appliance.carry(lab, host, bundle.file);
  const preflight = await timed(() => appliance.launch(['preflight']));
  onProgress(`ampoule preflight\n${preflight.value.stdout}`);
  if (preflight.value.code !== 0) throw new Error(`the preflight failed\n${preflight.value.stdout}`);
  onProgress('ampoule install');
  const started = performance.now();
  const install = await timed(() => appliance.install((event) => describe(event, onProgress)));
  onProgress('creating the function "hello" through the dashboard');
  const deploy = await timed(() => appliance.deploy('hello', greetingSource));
  const call = await timed(() => appliance.call('hello', 'sealed world'));
  const firstAnswerSeconds = (performance.now() - started) / 1000;
  if (call.value.status !== 200) throw new Error(`the function answered ${call.value.status}: ${call.value.body}`);
  const done = install.value.filter(({ event }) => event === 'done');
  return {
    appliance,
    answer: call.value.body,
    url: `https://${host.address}/fn/hello`,
    figures: {
      bundleBytes: bundle.bytes,
      preflightSeconds: preflight.seconds,
      installSeconds: install.seconds,
      firstAnswerSeconds,
      deploySeconds: deploy.seconds,
      callSeconds: call.seconds,
      steps: Object.fromEntries(done.map(({ step, seconds }) => [step ?? '', Number(seconds)])),
    },
  };
}

const IDLE_SECONDS = 30;

/** Bytes of memory that a host with an idle appliance holds and cannot give back: its working set, as the kubelet counts it. */
export async function measureMemory({ host }: Appliance): Promise<number> {
  await delay(IDLE_SECONDS * 1000);
  const unified = (await host.exec('test', ['-f', '/sys/fs/cgroup/cgroup.controllers'])).code === 0;
  const folder = unified ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory';
  const read = (file: string) => host.mustExec('cat', [`${folder}/${file}`]);
  const usage = Number(await read(unified ? 'memory.current' : 'memory.usage_in_bytes'));
  const field = unified ? 'inactive_file' : 'total_inactive_file';
  return usage - Number(new RegExp(`^${field} (\\d+)$`, 'm').exec(await read('memory.stat'))?.[1] ?? Number.NaN);
}

async function timed<Value>(work: () => Promise<Value>): Promise<{ value: Value; seconds: number }> {
  const started = performance.now();
  const value = await work();
  return { value, seconds: Math.round(performance.now() - started) / 1000 };
}

function describe({ event, title, seconds }: InstallEvent, onProgress: (text: string) => void): void {
  if (event === 'done') onProgress(`  ${String(title)}: ${String(seconds)} s`);
}

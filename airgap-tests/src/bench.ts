import { createPrinter } from '@ampoule/lib/print';
import { buildBundle } from './bundle.ts';
import { openLab } from './lab/lab.ts';
import { type Figures, measureMemory, measureTrip } from './measure.ts';

const RUNS = 3;

/** Installs on a fresh sealed host several times; each figure is the median, with the least and the most. */
async function benchInstall(): Promise<unknown> {
  const progress = (text: string) => process.stderr.write(`${text}\n`);
  const bundle = await buildBundle(progress);
  const trips: Figures[] = [];
  const memory: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const lab = await openLab();
    try {
      const host = await lab.createHost({ name: 'bench' });
      await host.boot();
      const trip = await measureTrip(lab, host, bundle, progress);
      trips.push(trip.figures);
      memory.push(await measureMemory(trip.appliance));
    } finally {
      await lab.close();
    }
  }
  const seconds = (name: 'preflightSeconds' | 'installSeconds' | 'firstAnswerSeconds' | 'deploySeconds') =>
    spread(trips.map((trip) => trip[name]));
  return {
    runs: RUNS,
    bundleBytes: bundle.bytes,
    preflightSeconds: seconds('preflightSeconds'),
    installSeconds: seconds('installSeconds'),
    firstAnswerSeconds: seconds('firstAnswerSeconds'),
    deploySeconds: seconds('deploySeconds'),
    idleMemoryBytes: spread(memory),
  };
}

function spread(values: readonly number[]): { median: number; least: number; most: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const round = (value: number | undefined) => Math.round((value ?? 0) * 100) / 100;
  return { median: round(sorted[Math.floor(sorted.length / 2)]), least: round(sorted[0]), most: round(sorted.at(-1)) };
}

const benches: Record<string, () => Promise<unknown>> = { install: benchInstall };
const printer = createPrinter({ json: true });
const [name = ''] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  process.stderr.write(`Usage: npm run bench -- ${Object.keys(benches).join('|')}\n`);
  process.exitCode = 2;
} else {
  try {
    printer.result(await bench());
  } catch (error) {
    printer.error(error);
    process.exitCode = 1;
  }
}

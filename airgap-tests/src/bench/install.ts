import { buildBundle } from '../bundle.ts';
import { openLab } from '../lab/lab.ts';
import { type Figures, measureMemory, measureTrip } from '../measure.ts';
import { spread } from './spread.ts';

const RUNS = 3;

/** Installs on a fresh sealed host several times; each figure is the median, with the least and the most. */
export async function benchInstall(progress: (text: string) => void): Promise<unknown> {
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

import { type Spread, spread } from '../spread.ts';
import { yardstick } from './contestants.ts';

/** MB/s, and processor nanoseconds a byte. */
export interface Measured {
  rate: number;
  cpu: number;
}

interface EtlRow {
  /** MB/s as a multiple of the yardstick's in the same round. */
  ratio: Spread;
  megabytesPerSecond: Spread;
  /** Time on any core, of the processor with its workers, without the client: it depends less on what else the machine does. */
  cpuNanosecondsPerByte: Spread;
}

/** What the rounds have measured, by the names of functions. */
export function tableOf(measured: ReadonlyMap<string, readonly Measured[]>): Record<string, EtlRow> {
  const base = measured.get(yardstick) ?? [];
  const rows = [...measured].map(([name, each]): [string, EtlRow] => [
    name,
    {
      ratio: spread(each.map(({ rate }, round) => rate / (base[round]?.rate ?? Number.NaN))),
      megabytesPerSecond: spread(each.map(({ rate }) => rate)),
      cpuNanosecondsPerByte: spread(each.map(({ cpu }) => cpu)),
    },
  ]);
  return Object.fromEntries(rows);
}

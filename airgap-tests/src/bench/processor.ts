import { buildProcessor } from '../built-processor.ts';
import { fetchBun } from './bun.ts';
import { type Contestant, contestants, ours, processorFolder, yardstick } from './contestants.ts';
import { Server } from './server.ts';
import { type Spread, spread } from './spread.ts';
import { benchStreams } from './streams.ts';
import { applyLoad, type Load, type LoadResult } from './wrk.ts';

const FIRST_PORT = 29_100;
const ROUNDS = 3;
const STARTS = 7;
const SECONDS = 3;

const loads: Record<string, Load> = {
  hello: { path: '/hello', bodyBytes: 0, bodyKind: 'bytes' },
  'echo of 1 KB JSON': { path: '/echo', bodyBytes: 1024, bodyKind: 'json' },
  'body of 100 KB': { path: '/size', bodyBytes: 100 * 1024, bodyKind: 'bytes' },
};

interface Row {
  /** Requests a second as a share of the yardstick's in the same round. */
  ratio: Spread;
  perSecond: Spread;
  /** Milliseconds, the median of the rounds. */
  p50: number;
  p99: number;
  p999: number;
}

/**
 * Compares the processor with plain servers, one after the other in each round on the same cores. Ratios are within a round, so that what
 * else the machine does counts for both sides.
 */
export async function benchProcessor(progress: (text: string) => void): Promise<unknown> {
  await buildProcessor(processorFolder);
  const all = contestants(await fetchBun());
  const running: { contestant: Contestant; server: Server }[] = [];
  try {
    for (const [i, contestant] of all.entries()) {
      const port = FIRST_PORT + i;
      running.push({ contestant, server: (await Server.start(port, await contestant.command(port))).server });
    }
    const http: Record<string, Record<string, Row>> = {};
    for (const [name, load] of Object.entries(loads)) http[name] = await compare(name, load, { running, progress });
    return {
      streams: await benchStreams(progress),
      rounds: ROUNDS,
      seconds: SECONDS,
      http,
      ...(await startUp(all, progress)),
      memoryPerWorkerBytes: await memory(),
    };
  } finally {
    await Promise.all(running.map(({ server }) => server.stop()));
  }
}

interface Field {
  running: readonly { contestant: Contestant; server: Server }[];
  progress: (text: string) => void;
}

async function compare(name: string, load: Load, { running, progress }: Field): Promise<Record<string, Row>> {
  const results = new Map<string, LoadResult[]>(running.map(({ contestant }) => [contestant.name, []]));
  for (const { server } of running) await applyLoad(server.port, load, 1);
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const { contestant, server } of running) {
      progress(`${name}, round ${round} of ${ROUNDS}: ${contestant.name}`);
      results.get(contestant.name)?.push(await applyLoad(server.port, load, SECONDS));
    }
  }
  const base = results.get(yardstick) ?? [];
  return Object.fromEntries([...results].map(([contestant, each]) => [contestant, rowOf(each, base)]));
}

function rowOf(results: readonly LoadResult[], base: readonly LoadResult[]): Row {
  const milliseconds = (name: 'p50' | 'p99' | 'p999') => spread(results.map((each) => each[name] / 1000)).median;
  return {
    ratio: spread(results.map(({ perSecond }, i) => perSecond / (base[i]?.perSecond ?? Number.NaN))),
    perSecond: spread(results.map(({ perSecond }) => Math.round(perSecond))),
    p50: milliseconds('p50'),
    p99: milliseconds('p99'),
    p999: milliseconds('p999'),
  };
}

/** Milliseconds from the start of the process to its first answer. */
async function startUp(all: readonly Contestant[], progress: (text: string) => void): Promise<{ startMs: Record<string, Spread> }> {
  const times = new Map<string, number[]>(all.map(({ name }) => [name, []]));
  for (let i = 0; i < STARTS; i += 1) {
    progress(`start ${i + 1} of ${STARTS}`);
    for (const contestant of all) {
      const port = FIRST_PORT + all.length;
      const { server, readyMs } = await Server.start(port, await contestant.command(port));
      times.get(contestant.name)?.push(readyMs);
      await server.stop();
    }
  }
  return { startMs: Object.fromEntries([...times].map(([name, each]) => [name, spread(each)])) };
}

const MANY_WORKERS = 9;

/** What a further worker takes, from the difference between one and several. */
async function memory(): Promise<Record<string, number>> {
  const result: Record<string, number> = {};
  for (const [runtime, handler] of [
    ['nodejs', 'main.cjs:handler'],
    ['python', 'main:handler'],
    ['java', 'Bench'],
  ] as const) {
    const sizes: number[] = [];
    for (const numWorkers of [1, MANY_WORKERS]) {
      const port = FIRST_PORT + 99;
      const { server } = await Server.start(port, await ours({ runtime, handler }, { numWorkers })(port));
      sizes.push(await server.memory());
      await server.stop();
    }
    result[runtime] = Math.round(((sizes[1] ?? Number.NaN) - (sizes[0] ?? Number.NaN)) / (MANY_WORKERS - 1));
  }
  return result;
}

import { isDeepStrictEqual } from 'node:util';
import { buildProcessor } from '../../built-processor.ts';
import { processorFolder } from '../contestants.ts';
import { Server } from '../server.ts';
import { type Spread, spread } from '../spread.ts';
import { type EtlContestant, etlContestants, PYTHON, yardstick } from './contestants.ts';
import { makeFunctions, pyarrow } from './packages.ts';
import { makeBodies } from './readings.ts';
import { makeReader, type Row } from './rows.ts';
import { sendAll } from './send.ts';

const FIRST_PORT = 29_400;
const ROUNDS = 5;
const BODIES = 12;
const BODY_BYTES = 16 * 1024 * 1024;

interface EtlRow {
  /** MB/s as a multiple of the yardstick's in the same round. */
  ratio: Spread;
  megabytesPerSecond: Spread;
  /** Time on any core, of the processor with its workers, without the client: it depends less on what else the machine does. */
  cpuNanosecondsPerByte: Spread;
}

interface Measured {
  rate: number;
  cpu: number;
}

/**
 * Lines of JSON to aggregates in Parquet: the template against the loop that one writes first, both in our processor over HTTP, one after
 * the other in each round on the same cores.
 */
export async function benchEtl(progress: (text: string) => void): Promise<unknown> {
  await buildProcessor(processorFolder);
  const functions = await makeFunctions();
  const all = etlContestants(functions, await pyarrow(PYTHON));
  progress('making the readings');
  const bodies = makeBodies(BODIES, BODY_BYTES);
  const running: { contestant: EtlContestant; server: Server }[] = [];
  try {
    for (const [i, contestant] of all.entries()) {
      const port = FIRST_PORT + i;
      running.push({ contestant, server: (await Server.start(port, await contestant.command(port))).server });
    }
    const groups = await checkAnswers(running, bodies, await makeReader(functions));
    const measured = new Map<string, Measured[]>(all.map(({ name }) => [name, []]));
    const bytes = bodies.reduce((sum, { length }) => sum + length, 0);
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const { contestant, server } of running) {
        progress(`round ${round} of ${ROUNDS}: ${contestant.name}`);
        const before = await server.cpuSeconds();
        const { ms } = await sendAll(server.port, bodies);
        const cpu = (((await server.cpuSeconds()) - before) * 1e9) / bytes;
        measured.get(contestant.name)?.push({ rate: bytes / 1000 / ms, cpu });
      }
    }
    return { rounds: ROUNDS, bytes, bodies: BODIES, groupsPerBody: groups, http: table(measured) };
  } finally {
    await Promise.all(running.map(({ server }) => server.stop()));
  }
}

/** Sends each body once to all, which also warms them up. Throws where the aggregates differ; gives how many groups a body has. */
async function checkAnswers(
  running: readonly { contestant: EtlContestant; server: Server }[],
  bodies: readonly Buffer[],
  read: (file: Uint8Array) => Promise<Row[]>,
): Promise<Spread> {
  let wanted: Row[][] | undefined;
  for (const { contestant, server } of running) {
    const { answers } = await sendAll(server.port, bodies);
    if (!contestant.aggregates) continue;
    const found = await Promise.all(answers.map(async (answer) => sorted(await read(answer))));
    wanted ??= found;
    if (!isDeepStrictEqual(found, wanted)) throw new Error(`${contestant.name} has other aggregates than ${yardstick}`);
  }
  return spread((wanted ?? []).map(({ length }) => length));
}

function sorted(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.minute.getTime() - b.minute.getTime() || (a.device < b.device ? -1 : 1));
}

function table(measured: ReadonlyMap<string, readonly Measured[]>): Record<string, EtlRow> {
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

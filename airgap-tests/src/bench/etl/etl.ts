import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { buildProcessor } from '../../built-processor.ts';
import { processorFolder } from '../contestants.ts';
import { Server } from '../server.ts';
import { spread } from '../spread.ts';
import { type EtlContestant, etlContestants, PYTHON, type Way, ways, yardstick } from './contestants.ts';
import { makeFunctions, pyarrow } from './packages.ts';
import { makeBodies } from './readings.ts';
import { makeReader, type Row } from './rows.ts';
import { type Lines, sendAll } from './send.ts';
import { type Measured, tableOf } from './table.ts';

const FIRST_PORT = 29_400;
const ROUNDS = 5;
const BODIES = 12;
const BODY_BYTES = 16 * 1024 * 1024;
/** All are sent again until so much time is over, since processor time is told in hundredths of a second. */
const MEASURE_MS = 1000;

interface Running {
  contestant: EtlContestant;
  server: Server;
}

/**
 * Lines of JSON to aggregates in Parquet: the template against the loop that one writes first, both in our processor, one after the other in
 * each round on the same cores. The lines lie in files, which requests name, and then they are the bodies of requests.
 */
export async function benchEtl(progress: (text: string) => void): Promise<unknown> {
  await buildProcessor(processorFolder);
  const functions = await makeFunctions();
  const volume = await mkdtemp(join(tmpdir(), 'etl-volume-'));
  const running: Running[] = [];
  try {
    progress('making the readings');
    const bodies = makeBodies(BODIES, BODY_BYTES);
    const lines = await linesOf(bodies, volume);
    for (const [i, contestant] of etlContestants({ functions, volume, python: await pyarrow(PYTHON) }).entries()) {
      const port = FIRST_PORT + i;
      running.push({ contestant, server: (await Server.start(port, await contestant.command(port))).server });
    }
    const groupsPerBody = await checkAnswers(running, lines, await makeReader(functions));
    const bytes = bodies.reduce((sum, { length }) => sum + length, 0);
    const measured = { file: new Map<string, Measured[]>(), http: new Map<string, Measured[]>() };
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const { way, contestant, server } of turns(running)) {
        progress(`round ${round} of ${ROUNDS}: ${contestant.name}, ${way}`);
        const figures = await measure(server, lines[way], bytes);
        measured[way].set(contestant.name, [...(measured[way].get(contestant.name) ?? []), figures]);
      }
    }
    return { rounds: ROUNDS, bytes, bodies: BODIES, groupsPerBody, file: tableOf(measured.file), http: tableOf(measured.http) };
  } finally {
    await Promise.all(running.map(({ server }) => server.stop()));
    await rm(volume, { recursive: true });
  }
}

/** The same lines for both ways; the files are in the page cache. */
async function linesOf(bodies: readonly Buffer[], volume: string): Promise<Record<Way, Lines[]>> {
  const names = bodies.map((_, i) => `${i}.jsonl`);
  for (const [i, body] of bodies.entries()) await writeFile(join(volume, `${i}.jsonl`), body);
  return {
    file: names.map((name) => ({ body: Buffer.alloc(0), headers: { 'x-file': name } })),
    http: bodies.map((body) => ({ body, headers: {} })),
  };
}

function turns(running: readonly Running[]): (Running & { way: Way })[] {
  return ways
    .flatMap((way) => running.map((each) => ({ ...each, way })))
    .filter(({ way, contestant }) => way === 'http' || contestant.aggregates);
}

async function measure(server: Server, lines: readonly Lines[], bytes: number): Promise<Measured> {
  const before = await server.cpuSeconds();
  const { times, ms } = await sendAll(server.port, lines, MEASURE_MS);
  const cpuSeconds = (await server.cpuSeconds()) - before;
  return { rate: (bytes * times) / 1000 / ms, cpu: (cpuSeconds * 1e9) / (bytes * times) };
}

/** Sends all lines once to all, which also warms them up. Throws where the aggregates differ; gives how many groups a body has. */
async function checkAnswers(
  running: readonly Running[],
  lines: Record<Way, Lines[]>,
  read: (file: Uint8Array) => Promise<Row[]>,
): Promise<unknown> {
  let wanted: Row[][] | undefined;
  for (const { way, contestant, server } of turns(running)) {
    const { answers } = await sendAll(server.port, lines[way]);
    if (!contestant.aggregates) continue;
    const found = await Promise.all(answers.map(async (answer) => sorted(await read(answer))));
    wanted ??= found;
    if (!isDeepStrictEqual(found, wanted)) throw new Error(`${contestant.name}, ${way}, has other aggregates than ${yardstick}`);
  }
  return spread((wanted ?? []).map(({ length }) => length));
}

function sorted(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.minute.getTime() - b.minute.getTime() || (a.device < b.device ? -1 : 1));
}

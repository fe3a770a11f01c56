import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '../../logger.ts';
import { workerMakerOf } from '../../runtime/workers.ts';
import type { Answer, Event } from '../event.ts';
import { Pool } from '../pool.ts';

/**
 * Sends events straight through a pool with one worker, one in ten alone and the others in batches, and prints as JSON what memory is in
 * use after a tenth of them and after all. Run with --expose-gc: memory-run.ts RUNTIME EVENTS
 */
const [runtime = 'nodejs', count = '1000'] = process.argv.slice(2);
const total = Number(count);

const HANDLERS: Record<string, { file: string; code: string }> = {
  nodejs: {
    file: 'main.cjs',
    code: `exports.handler = (context, event) => {
      if (Array.isArray(event)) return event.map(({ body }) => body);
      if (event.path !== '/memory') return event.body;
      gc();
      const { heapUsed, external } = process.memoryUsage();
      return { heap: heapUsed, external };
    }`,
  },
  python: {
    file: 'main.py',
    code: `
import gc, os, sys
def handler(context, event):
    if isinstance(event, list):
        return [each.body for each in event]
    if event.path != '/memory':
        return event.body
    gc.collect()
    with open('/proc/self/statm') as statm:
        resident = int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
    return {'blocks': sys.getallocatedblocks(), 'resident': resident}
`,
  },
};

/** Events alone and batches that are under way at a time. */
const IN_FLIGHT = 256;
const BATCH = 64;
/** So many batches come between events alone that these are one in ten. */
const ALONE_EVERY = BATCH * 10;
const SMALL = Buffer.alloc(64, 'small ');
/** Larger than what goes through shared memory. */
const LARGE = Buffer.alloc(300_000, 'large ');
const LARGE_EVERY = 20_000;
const WITH_ATTRIBUTES_EVERY = 16;
const HEAD = 'host: f.example\r\ncontent-type: text/plain\r\n';

const handler = HANDLERS[runtime];
if (handler === undefined) throw new Error(`No handler for ${runtime}`);
const folder = await mkdtemp(join(tmpdir(), 'memory-'));
await writeFile(join(folder, handler.file), handler.code);
const make = await workerMakerOf(runtime, {
  folder,
  handler: `${handler.file}:handler`,
  triggers: [{ index: 0, kind: 'http', name: 'web' }],
  functionName: 'f',
  namespace: 'ns',
  concurrency: 1,
});
const pool = new Pool({ make, size: 1, concurrency: 1, waitMs: 10_000, eventTimeoutMs: 60_000, logger: new Logger('memory') });
await pool.start();

const first = Math.floor(total / 10);
await sendMany(first);
const early = await measure();
await sendMany(total - first);
const late = await measure();
await pool.stop(1000);
await rm(folder, { recursive: true });
process.stdout.write(`${JSON.stringify({ events: total - first, early, late })}\n`);

function sendMany(events: number): Promise<void> {
  let sent = 0;
  let answered = 0;
  let underWay = 0;
  return new Promise((resolve, reject) => {
    const settle = (answers: readonly Answer[]): void => {
      underWay -= 1;
      answered += answers.length;
      const failed = answers.find(({ status }) => status !== 200);
      if (failed !== undefined) reject(new Error(`status ${failed.status}: ${Buffer.from(failed.body).toString()}`));
      else if (answered === events) resolve();
      else sendSome();
    };
    const sendSome = (): void => {
      while (sent < events && underWay < IN_FLIGHT) {
        underWay += 1;
        sent += 1;
        if (sent % ALONE_EVERY <= BATCH || events - sent < BATCH) pool.submit(eventOf(sent), (answer) => settle([answer]));
        else {
          pool.submitBatch(
            Array.from({ length: BATCH }, (_, i) => eventOf(sent + i)),
            settle,
          );
          sent += BATCH - 1;
        }
      }
    };
    sendSome();
  });
}

function eventOf(number: number): Event {
  const body = number % LARGE_EVERY === 0 ? LARGE : SMALL;
  const event: Event = { trigger: 0, timestamp: Date.now(), method: 'POST', target: '/', head: HEAD, body };
  if (number % WITH_ATTRIBUTES_EVERY === 0) event.attributes = { id: `id-${number}`, topic: 'orders', offset: number };
  return event;
}

async function measure() {
  const event: Event = { trigger: 0, timestamp: Date.now(), method: 'GET', target: '/memory', head: '', body: Buffer.alloc(0) };
  const { body } = await new Promise<Answer>((resolve) => pool.submit(event, resolve));
  // Twice: what finalizers let go of is collected by the next one.
  globalThis.gc?.();
  await new Promise(setImmediate);
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed, external, resident: rss, worker: JSON.parse(Buffer.from(body).toString()) };
}

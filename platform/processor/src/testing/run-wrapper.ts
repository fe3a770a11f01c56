import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Worker } from '../engine/worker.ts';
import type { WorkerOptions } from '../runtime/options.ts';
import { makeWrapperWorker } from '../runtime/stock/makers.ts';
import { WorkerRun } from './worker-run.ts';

export const NODE = join(import.meta.dirname, '../../../../node_modules/.bin/node');

/**
 * A wrapper in Node.js that speaks the protocol. `handle(event, say)` gives what the answer holds, or a promise of it; `say` sends a
 * line, and `process.argv[2]` is the socket.
 */
export function wrapperProgram(handle: string, { start = 'say("s");', connect = 'process.argv[2]' } = {}): string {
  return `
const socket = require('node:net').connect(${connect});
const say = (line) => socket.write(line + '\\n');
const handle = async (event, say) => { ${handle} };
let text = '';
socket.setEncoding('utf8').on('connect', () => { ${start} }).on('data', async (chunk) => {
  text += chunk;
  for (let end = text.indexOf('\\n'); end >= 0; end = text.indexOf('\\n')) {
    const event = JSON.parse(text.slice(0, end));
    text = text.slice(end + 1);
    const answer = await handle(event, say);
    if (answer !== undefined) say('r' + JSON.stringify({ body: '', content_type: 'text/plain', headers: {}, status_code: 200, body_encoding: 'text', ...answer }));
  }
}).on('end', () => process.exit(0));
`;
}

/** Makes a worker from a wrapper's program, not started, that ends with the test. */
export async function makeWrapper(
  program: string,
  options: Partial<WorkerOptions> = {},
  make = makeWrapperWorker,
): Promise<WorkerRun<Worker>> {
  const folder = await mkdtemp(join(tmpdir(), 'wrapper-'));
  const file = join(folder, 'wrapper.cjs');
  await writeFile(file, `#!${NODE}\n${program}`);
  await chmod(file, 0o755);
  const run = new WorkerRun(make, folder, {
    runtimeAttributes: { command: file, args: ['{socket}', '{handler}', 'w{workerId}'] },
    ...options,
  });
  onTestFinished(async () => {
    await run.worker.kill();
    await rm(folder, { recursive: true });
  });
  return run;
}

/** Makes and starts a worker whose wrapper answers with what the code gives. */
export async function runWrapper(handle: string, options: Partial<WorkerOptions> = {}): Promise<WorkerRun<Worker>> {
  const run = await makeWrapper(wrapperProgram(handle), options);
  await run.worker.start();
  return run;
}

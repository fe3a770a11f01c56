import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../pki/testing.ts';
import { Journal } from './journal.ts';

const newFile = async () => join(await temporaryFolder(), 'ampoule/journal.jsonl');
const steps = async (journal: Journal) => (await journal.read()).map(({ step, event }) => `${step} ${event}`);

it('is a file that its owner alone reads, with a JSON document on each line', async () => {
  const file = await newFile();
  const journal = new Journal(file);
  await journal.append({ step: 'a', event: 'begin' });
  await journal.append({ step: 'a', event: 'done', seconds: 1.5 });
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { step: 'a', event: 'begin' },
    { step: 'a', event: 'done', seconds: 1.5 },
  ]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('is empty where nothing was ever done', async () => {
  expect(await new Journal(await newFile()).read()).toEqual([]);
});

it('takes half a line for no record, and keeps the record that is appended after it', async () => {
  const file = await newFile();
  const journal = new Journal(file);
  await journal.append({ step: 'a', event: 'begin' });
  await appendFile(file, '{"at":"2026-05-01T00:00:00.000Z","step":"b","eve');
  expect(await steps(journal)).toEqual(['a begin']);
  await journal.append({ step: 'b', event: 'begin' });
  expect(await steps(journal)).toEqual(['a begin', 'b begin']);
});

it('names the steps that were begun and not ended', async () => {
  const journal = new Journal(await newFile());
  await journal.append({ step: 'a', event: 'begin' });
  await journal.append({ step: 'a', event: 'failed', error: 'X' });
  await journal.append({ step: 'b', event: 'begin' });
  await journal.append({ step: 'c', event: 'begin' });
  await journal.append({ step: 'c', event: 'done', seconds: 1 });
  await journal.append({ step: 'd', event: 'kept', seconds: 1 });
  expect(await journal.unfinished()).toEqual(new Set(['a', 'b']));
});

const script = `
import { writeSync } from 'node:fs';
import { Journal } from ${JSON.stringify(import.meta.resolve('./journal.ts'))};
const journal = new Journal(process.argv[1]);
for (let index = 0; ; index += 1) {
  await journal.append({ step: 'step-' + index, event: 'done', seconds: index });
  writeSync(1, index + '\\n');
}
`;

it.each([50, 120, 300])('has every record that was appended before its writer was killed %i ms into its work', async (afterMs) => {
  const file = await newFile();
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  await delay(afterMs);
  child.kill('SIGKILL');
  await ended;
  const appended = output.trimEnd().split('\n');
  const journal = new Journal(file);
  const found = (await journal.read()).map(({ step }) => step);
  expect(found.slice(0, appended.length)).toEqual(appended.map((index) => `step-${index}`));
  await journal.append({ step: 'after', event: 'begin' });
  expect((await journal.read()).at(-1)).toMatchObject({ step: 'after' });
});

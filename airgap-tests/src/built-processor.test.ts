import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildProcessor } from './built-processor.ts';

const NODE = resolve(import.meta.dirname, '../../node_modules/.bin/node');

let folder = '';
let files: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'built-processor-'));
  files = await buildProcessor(folder);
});
afterAll(() => rm(folder, { recursive: true }));

it('each part of the processor that is loaded on demand finds what it needs beside it', async () => {
  const parts = files.filter((path) => path.includes('/chunks/') && path.endsWith('.mjs'));
  for (const kind of ['kafka', 'nats', 'mqtt', 'rabbitmq', 'cron', 'python-worker', 'shell-worker', 'general-server']) {
    expect(
      parts.some((path) => path.includes(`/chunks/${kind}-`)),
      kind,
    ).toBe(true);
  }
  const code = parts.map((path) => `await import(${JSON.stringify(join(folder, path))});`).join('\n');
  await exec(NODE, ['--input-type=module', '--eval', `${code}\nprocess.exit(0);`]);
});

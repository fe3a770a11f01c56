import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hostFolder } from '../host/testing/host-folder.ts';
import { paths } from '../paths.ts';
import { createInstallLog } from './log.ts';

const PASSWORD = 'correct-horse-battery';

async function newLog() {
  const host = await hostFolder({ [paths.secrets]: JSON.stringify({ password: PASSWORD }), '/var/log/': '' });
  const folder = host.at(paths.logs);
  return { folder, log: createInstallLog(folder, host) };
}

it('holds the events in their order, and the failure at the end', async () => {
  const { folder, log } = await newLog();
  for (let index = 0; index < 50; index += 1) log.event({ event: 'begin', step: `s${index}`, title: 'x' });
  log.event({ event: 'progress', step: 's', title: 'x', message: 'too much for a log' });
  log.failed(new Error('the cable is out'));
  await log.written();
  const lines = (await readFile(join(folder, 'install.log'), 'utf8')).trimEnd().split('\n');
  expect(lines.slice(0, 50).map((line) => /"step":"(\w+)"/.exec(line)?.[1])).toEqual(Array.from({ length: 50 }, (_, index) => `s${index}`));
  expect(lines.slice(50)).toEqual([expect.stringMatching(/^\d{4}-.*"failed".*the cable is out/)]);
});

it('holds no secret', async () => {
  const { folder, log } = await newLog();
  log.failed(new Error(`401 for ${PASSWORD}; authorization: Basic ${Buffer.from(`ampoule:${PASSWORD}`).toString('base64')}`));
  await log.written();
  const text = await readFile(join(folder, 'install.log'), 'utf8');
  expect(text).toContain('401 for [redacted]');
  expect(text).not.toContain(Buffer.from(`ampoule:${PASSWORD}`).toString('base64'));
});

it('makes nothing before the first event, and stops nothing when it cannot be written', async () => {
  const { folder, log } = await newLog();
  expect(await readdir(join(folder, '..'))).toEqual([]);
  await writeFile(folder, 'a file where the folder should be');
  log.event({ event: 'begin', step: 'a', title: 'x' });
  await log.written();
});

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { lockHost } from './lock.ts';

const script = `
import { lockHost } from ${JSON.stringify(import.meta.resolve('./lock.ts'))};
try {
  await lockHost(process.argv[1]);
  process.stdout.write('locked');
  setInterval(() => undefined, 1000);
} catch (error) {
  process.stdout.write(error.code);
}
`;

const newName = () => `\0ampoule-test-${randomUUID()}`;
// A program's arguments cannot hold the zero that an abstract name begins with.
const inChild = (name: string) => script.replace('process.argv[1]', `'\\0' + ${JSON.stringify(name.slice(1))}`);

function start(name: string): ChildProcess & { stdout: NodeJS.ReadableStream } {
  const child = spawn(process.execPath, ['--input-type=module', '-e', inChild(name)], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child as ChildProcess & { stdout: NodeJS.ReadableStream };
}

async function holder(name: string): Promise<ChildProcess> {
  const child = start(name);
  const [said] = await once(child.stdout, 'data');
  expect(String(said)).toBe('locked');
  return child;
}

it('lets a second process in only when the first has ended', async () => {
  const name = newName();
  const first = await holder(name);
  expect(await text(start(name).stdout)).toBe('AMP_INSTALL_LOCKED');
  const ended = once(first, 'close');
  first.kill('SIGTERM');
  await ended;
  await holder(name);
});

it('is free again at once when its holder is killed', async () => {
  const name = newName();
  const first = await holder(name);
  await expect(lockHost(name)).rejects.toMatchObject({ code: 'AMP_INSTALL_LOCKED' });
  const ended = once(first, 'close');
  first.kill('SIGKILL');
  await ended;
  await lockHost(name);
});

it('does not keep the process alive that holds it', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', inChild(newName()).replace(/setInterval.*/, '')]);
  expect(await once(child, 'close')).toEqual([0, null]);
});

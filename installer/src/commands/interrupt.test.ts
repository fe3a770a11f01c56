import { expect, it } from 'vitest';
import { installError } from '../install/errors.ts';
import { untilInterrupted } from './interrupt.ts';

const interruption = () => installError('AMP_INSTALL_INTERRUPTED', { what: 'stopped', fix: 'Run it again.' });

it('gives what the work gives, and hears no signal afterwards', async () => {
  const before = process.listenerCount('SIGINT');
  expect(await untilInterrupted(interruption, async () => 3)).toBe(3);
  await expect(untilInterrupted(interruption, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(process.listenerCount('SIGINT')).toBe(before);
});

it('still listens when others who listen are told, since some of them end the process where they are alone', async () => {
  const before = process.listenerCount('SIGTERM');
  const work = untilInterrupted(interruption, () => new Promise(() => undefined));
  const { promise: told, resolve } = Promise.withResolvers<number>();
  process.once('SIGTERM', () => resolve(process.listenerCount('SIGTERM')));
  process.kill(process.pid, 'SIGTERM');
  await expect(work).rejects.toMatchObject({ code: 'AMP_INSTALL_INTERRUPTED' });
  expect(await told).toBe(before + 1);
});

it.each(['SIGINT', 'SIGTERM'] as const)('gives up work in the middle at %s', async (signal) => {
  const work = untilInterrupted(interruption, () => new Promise(() => undefined));
  process.kill(process.pid, signal);
  await expect(work).rejects.toMatchObject({ code: 'AMP_INSTALL_INTERRUPTED' });
});

import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Levels } from './levels.ts';
import { openStore, startNats } from './testing/invoker.ts';

it('asks NATS once for all who come while it answers, so that a slow one keeps nobody waiting for ever', async () => {
  const { store, close } = await openStore(await startNats());
  onTestFinished(close);
  let asked = 0;
  const info: typeof store.manager.streams.info = async (...args) => {
    asked++;
    await delay(700);
    return store.manager.streams.info(...args);
  };
  const manager = { streams: { info } };
  const levels = new Levels(Object.create(store, { manager: { value: manager } }));
  const admitted = Array.from({ length: 12 }, async (_, i) => {
    await delay(100 * i);
    const room = await levels.admit('nuclio/f', 1);
    room.used();
  });

  await Promise.all(admitted);

  // Three streams, at most twice in this time.
  expect(asked).toBeLessThanOrEqual(6);
});

it('asks anew where NATS did not answer', async () => {
  const { store, close } = await openStore(await startNats());
  onTestFinished(close);
  let isAway = true;
  const info: typeof store.manager.streams.info = (...args) =>
    isAway ? Promise.reject(new Error('away')) : store.manager.streams.info(...args);
  const levels = new Levels(Object.create(store, { manager: { value: { streams: { info } } } }));

  await expect(levels.admit('nuclio/f', 1)).rejects.toMatchObject({ code: 'AMP_INVOKER_QUEUE_AWAY' });

  isAway = false;
  await levels.admit('nuclio/f', 1);
});

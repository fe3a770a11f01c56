import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger } from '@ampoule/platform-api/kube/logger';
import { expect, it, onTestFinished } from 'vitest';
import { Desk } from './desk.ts';
import { BacklogMetrics } from './metrics.ts';

/** A desk for functions with 20 streams each, of which those called `mute-…` have a broker that says nothing. */
async function deskOf() {
  const api = new FakeApi();
  const client = await api.start();
  onTestFinished(() => {
    client.close();
    api.stop();
  });
  const triggers = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`t${i}`, { kind: 'nats', name: `t${i}` }]));
  const streams = { of: (key: string) => (key === 'nuclio/none' ? undefined : { metadata: { name: key }, triggers }) };
  const seen = { now: 0, most: 0 };
  const backlogs = {
    ask: async ({ functionName }: { functionName: string }) => {
      seen.now += 1;
      seen.most = Math.max(seen.most, seen.now);
      await new Promise((resolve) => {
        if (!functionName.startsWith('mute')) setTimeout(resolve, 5);
      });
      seen.now -= 1;
      return 0;
    },
  };
  const warnings: unknown[] = [];
  const logger = { ...silentLogger, warn: (fields: unknown) => void warnings.push(fields) };
  return { desk: new Desk({ client, streams, backlogs, metrics: new BacklogMetrics(), logger }), warnings, seen };
}

it('asks for no more than eight streams of a function at once', async () => {
  const { desk, seen } = await deskOf();
  expect(await desk.ask('nuclio/f', 'controller')).toBe('empty');
  expect(seen.most).toBe(8);
});

it('answers the controller while the brokers of many that sleep say nothing, and says of others that it does not know', async () => {
  const { desk } = await deskOf();
  for (let i = 0; i < 24; i += 1) void desk.ask(`nuclio/mute-${i}`, 'waker');

  const behind = desk.ask('nuclio/behind', 'waker');

  expect(await desk.ask('nuclio/f', 'controller')).toBe('empty');
  expect(await behind).toBe('unknown');
});

it('says of a function that is not there nothing more than that it does not know', async () => {
  const { desk, warnings } = await deskOf();
  expect(await desk.ask('nuclio/none', 'controller')).toBe('unknown');
  expect(warnings).toEqual([]);
});

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FunctionSpec, functionSpecSchema } from '@ampoule/platform-api/function';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { platformConfigSchema } from '@ampoule/platform-api/platform-config';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readActivity } from '../activity.ts';
import { paths, startController, type TestController } from '../testing/controller.ts';
import { drainedBy } from './backlog.ts';
import { IdleTracker } from './idle-tracker.ts';
import { sleepPolicyOf } from './policy.ts';
import { Sleeper } from './sleeper.ts';

describe('whether a function may sleep', () => {
  const usual = { minReplicas: 0, maxReplicas: 2, triggers: { w: { kind: 'http' } } };
  const specOf = (spec: object): FunctionSpec => functionSpecSchema.parse({ ...usual, ...spec });
  const platform = (scaleToZero: object = {}, more: object = {}) =>
    platformConfigSchema.parse({ scaleToZero: { mode: 'enabled', ...scaleToZero }, ...more });
  const cron = { kind: 'cron', attributes: { interval: '1h' } };

  it.each([
    ['after five minutes where nobody says more', {}, {}, { windowMs: 300_000, threshold: 0, hasStreams: false }],
    [
      'after the longest window that it names, at its smallest threshold',
      {
        scaleToZero: {
          scaleResources: [
            { windowSize: '1m', threshold: 3 },
            { windowSize: '2m', threshold: 1 },
          ],
        },
      },
      {},
      { windowMs: 120_000, threshold: 1, hasStreams: false },
    ],
    [
      "after the platform's window",
      {},
      { scaleResources: [{ windowSize: '10m' }] },
      { windowMs: 600_000, threshold: 0, hasStreams: false },
    ],
  ])('%s', (_what, spec, scaleToZero, policy) => {
    expect(sleepPolicyOf(specOf(spec), platform(scaleToZero))).toEqual(policy);
  });

  it.each([
    ['it has to have a replica', { minReplicas: 1 }],
    ['its replicas are given', { replicas: 1 }],
    ['it is disabled', { disable: true }],
    ['its processor wakes it by time', { triggers: { w: { kind: 'http' }, c: cron } }],
    ['it goes by a metric that is not known here', { scaleToZero: { scaleResources: [{ metricName: 'queue_length' }] } }],
  ])('not where %s', (_what, spec) => {
    expect(sleepPolicyOf(specOf(spec), platform())).toBeUndefined();
  });

  it('not where the platform does not want it', () => {
    expect(sleepPolicyOf(specOf({}), platformConfigSchema.parse({}))).toBeUndefined();
  });

  it('where Kubernetes wakes it by time, or other triggers are disabled', () => {
    const triggers = { w: { kind: 'http' }, c: cron, k: { kind: 'kafka-cluster', disabled: true } };
    expect(sleepPolicyOf(specOf({ triggers }), platform({}, { cronTriggerCreationMode: 'kube' }))).toMatchObject({ hasStreams: false });
  });

  it('where brokers say that nothing waits for its streams', () => {
    const triggers = { w: { kind: 'http' }, k: { kind: 'kafka-cluster' } };
    expect(sleepPolicyOf(specOf({ triggers }), platform())).toMatchObject({ hasStreams: true });
  });
});

describe('a function is idle', () => {
  const policy = { windowMs: 100, threshold: 0, hasStreams: false };
  /** What is said after each observation of [time, events begun, events handled, pods]. */
  const play = (rows: [atMs: number, begun: number, handled: number, pods?: string, inHand?: number][], threshold = 0) => {
    const tracker = new IdleTracker();
    return rows.map(([atMs, begun, handled, pods = 'a', inHand = 0]) =>
      tracker.isIdle('f', { atMs, begun, handled, pods, inHand }, { ...policy, threshold }),
    );
  };

  it('when nothing has begun or ended for the whole window', () => {
    expect(
      play([
        [0, 5, 5],
        [50, 5, 5],
        [100, 5, 5],
        [150, 5, 5],
      ]),
    ).toEqual([false, false, true, true]);
  });

  it('a window after its last event', () => {
    expect(
      play([
        [0, 5, 5],
        [90, 6, 5],
        [110, 6, 6],
        [190, 6, 6],
        [215, 6, 6],
      ]),
    ).toEqual([false, false, false, false, true]);
  });

  it('when fewer events came than it is to bear', () => {
    expect(
      play(
        [
          [0, 5, 5],
          [100, 7, 7],
          [200, 9, 9],
        ],
        2,
      ),
    ).toEqual([false, true, true]);
  });

  it('not before the window has passed for the pods that it has now', () => {
    expect(
      play([
        [0, 5, 5, 'a'],
        [100, 5, 5, 'b'],
        [150, 5, 5, 'b'],
        [200, 5, 5, 'b'],
      ]),
    ).toEqual([false, false, false, true]);
  });

  it('not while an event takes longer than the window', () => {
    expect(
      play([
        [0, 5, 4, 'a', 1],
        [100, 5, 4, 'a', 1],
        [200, 5, 4, 'a', 1],
        [250, 5, 5, 'a', 0],
        [350, 5, 5, 'a', 0],
      ]),
    ).toEqual([false, false, false, false, true]);
  });

  it('not when a processor began anew', () => {
    expect(
      play([
        [0, 5, 5],
        [100, 0, 0],
        [150, 0, 0],
      ]),
    ).toEqual([false, false, false]);
  });
});

describe('the metrics of a processor', () => {
  it('are summed over triggers and results, without events that found no worker', () => {
    const metrics = `# HELP nuclio_processor_handled_events_total text
nuclio_processor_handled_events_total{trigger_id="a",result="success"} 3
nuclio_processor_handled_events_total{trigger_id="b",result="failure"} 2
nuclio_processor_worker_allocation_total{result="success_immediate"} 4
nuclio_processor_worker_allocation_total{result="success_after_wait"} 2
nuclio_processor_worker_allocation_total{result="error_timeout"} 9
ampoule_processor_events_in_hand{trigger_id="a"} 1
ampoule_processor_events_in_hand{trigger_id="b"} 2
`;
    expect(readActivity(metrics)).toEqual({ handled: 5, failed: 2, begun: 6, inHand: 3, partitions: [] });
  });

  it('tell how far behind each partition of a stream is', () => {
    const metrics = `nuclio_processor_handled_events_total{trigger_id="k",result="success"} 3
nuclio_processor_stream_committed_lag{trigger_kind="kafka",trigger_id="k",topic="orders",partition="2"} 40
nuclio_processor_stream_high_water_mark{trigger_kind="kafka",trigger_id="k",topic="orders",partition="2"} 900
nuclio_processor_stream_current_offset{trigger_kind="kafka",trigger_id="k",topic="orders",partition="3"} 7
`;
    expect(readActivity(metrics).partitions).toEqual([{ trigger: 'k', partition: 'orders/2', highWater: 900, lag: 40 }]);
  });

  it('without a count say nothing', () => {
    expect(() => readActivity('up 1\n')).toThrow(/hold no nuclio_processor_handled_events_total/);
  });
});

describe('functions that nobody calls', () => {
  const POD = '/api/v1/namespaces/nuclio/pods/p';
  let world: TestController;
  let server: Server;
  let handled: number;
  let sleeper: Sleeper;

  beforeEach(async () => {
    world = await startController();
    handled = 7;
    server = createServer((_request, response) => response.end(`nuclio_processor_handled_events_total{result="success"} ${handled}\n`));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const config = { scaleToZero: { mode: 'enabled', scaleResources: [{ windowSize: '100ms', threshold: 0 }] } };
    world.api.put(paths.platformConfig, { data: { 'platform.yaml': JSON.stringify(config) } });
    const { client, functions, platform, processors } = world;
    sleeper = new Sleeper({ client, functions, platform, processors, logger });
    await world.given({ minReplicas: 0, maxReplicas: 1 }, { state: 'ready' });
    runPod((server.address() as AddressInfo).port);
  });
  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await world.stop();
  });

  function runPod(port: number): void {
    world.api.put(POD, {
      metadata: {
        labels: { 'nuclio.io/class': 'function', 'nuclio.io/function-name': 'f' },
        annotations: { 'nuclio.io/prometheus_pull_port': String(port) },
      },
      status: { phase: 'Running', podIP: '127.0.0.1' },
    });
  }

  const statusOf = () => world.api.objects.get(paths.fn)?.status;
  const looked = async () => {
    await sleeper.look();
    return statusOf();
  };

  it('go to sleep', async () => {
    await expect.poll(looked).toMatchObject({
      state: 'waitingForScaleResourceToZero',
      scaleToZero: { lastScaleEvent: 'scaleToZeroStarted', lastScaleEventTime: expect.any(String) },
    });
  });

  it('stay awake where the platform has them keep a replica', async () => {
    const config = {
      scaleToZero: { mode: 'enabled', scaleResources: [{ windowSize: '10ms', threshold: 0 }] },
      functionAugmentedConfigs: [{ functionConfig: { spec: { minReplicas: 1 } } }],
    };
    world.api.put(paths.platformConfig, { data: { 'platform.yaml': JSON.stringify(config) } });
    for (let i = 0; i < 5; i++) {
      expect(await looked()).toEqual({ state: 'ready' });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  it('stay awake while somebody calls them', async () => {
    for (let i = 0; i < 15; i++) {
      handled++;
      expect(await looked()).toEqual({ state: 'ready' });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  describe('with a stream', () => {
    const triggers = { k: { kind: 'kafka-cluster' } };
    let answer: string;
    let asked: (string | undefined)[];

    beforeEach(async () => {
      answer = '{"answer":"empty"}';
      asked = [];
      const desk = createServer((request, response) => {
        asked.push(request.url);
        response.end(answer);
      }).listen(0, '127.0.0.1');
      await once(desk, 'listening');
      onTestFinished(() => {
        desk.close();
        desk.closeAllConnections();
      });
      const { client, functions, platform, processors } = world;
      const isDrained = drainedBy(`http://127.0.0.1:${(desk.address() as AddressInfo).port}`, logger);
      sleeper = new Sleeper({ client, functions, platform, processors, isDrained, logger });
      world.api.put(paths.fn, { spec: { image: 'i:1', runtime: 'nodejs', minReplicas: 0, maxReplicas: 1, triggers } });
    });

    it('go to sleep when nothing waits for them', async () => {
      await expect.poll(looked).toMatchObject({ state: 'waitingForScaleResourceToZero' });
      expect(asked).toEqual(['/backlog/nuclio/f']);
    });

    it.each(['{"answer":"waiting"}', '{"answer":"unknown"}', 'no answer', '{"answer":"something else"}'])(
      'stay awake where the answer is %s, and ask again',
      async (other) => {
        answer = other;
        await expect.poll(async () => (await looked()) && asked.length).toBeGreaterThan(1);
        expect(statusOf()).toEqual({ state: 'ready' });
        answer = '{"answer":"empty"}';
        await expect.poll(looked).toMatchObject({ state: 'waitingForScaleResourceToZero' });
      },
    );

    it('stay awake where there is nobody to ask', async () => {
      const { client, functions, platform, processors } = world;
      sleeper = new Sleeper({ client, functions, platform, processors, logger });
      for (let i = 0; i < 10; i++) {
        expect(await looked()).toEqual({ state: 'ready' });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
  });

  it('stay awake where their processor does not say what it does', async () => {
    runPod(1);
    for (let i = 0; i < 10; i++) {
      expect(await looked()).toEqual({ state: 'ready' });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
});

import { describe, expect, it } from 'vitest';
import { limitsTextOf, scalingTextOf } from '../scaling.ts';
import { folderWith, startWithDashboard } from '../testing/cli.ts';

const code = 'exports.handler = () => 1;';

describe('deploy', () => {
  it('takes by what a function is scaled, each metric once, above what function.yaml says of it', async () => {
    const { dashboard, cli } = await startWithDashboard();
    const config = {
      spec: {
        autoScaleMetrics: [
          { metricName: 'lag', threshold: 100 },
          { metricName: 'concurrency', threshold: 1 },
        ],
      },
    };
    const folder = await folderWith({ 'main.js': code, 'function.yaml': JSON.stringify(config) });
    const limits = ['--min-replicas', '0', '--max-replicas', '20', '--target-cpu', '50'];
    const metrics = ['--scale-metric', 'concurrency=10,window=2m', '--scale-metric', 'requests_per_second=0.5'];

    expect(await cli('fn', 'deploy', folder, '--name', 'hello', '--no-wait', ...limits, ...metrics)).toMatchObject({ code: 0, stderr: '' });

    expect(dashboard.stored('hello')).toMatchObject({
      spec: {
        minReplicas: 0,
        maxReplicas: 20,
        targetCPU: 50,
        autoScaleMetrics: [
          { metricName: 'lag', threshold: 100 },
          { metricName: 'concurrency', threshold: 10, windowSize: '2m' },
          { metricName: 'requests_per_second', threshold: 0.5 },
        ],
      },
    });
    expect((await cli('fn', 'get', '-o', 'wide')).stdout).toMatch(
      /LIMITS +SCALED BY .*\n.* 0-20 +lag 100, concurrency 10 \(2m\), requests_per_second 0.5 /,
    );
  });

  it('takes metrics of Kubernetes with their source', async () => {
    const { dashboard, cli } = await startWithDashboard();
    const folder = await folderWith({ 'main.js': code });
    const metric = ['--scale-metric', 'memory=80,source=Resource'];
    expect(await cli('fn', 'deploy', folder, '--name', 'hello', '--no-wait', ...metric)).toMatchObject({ code: 0 });
    const autoScaleMetrics = [{ metricName: 'memory', threshold: 80, sourceType: 'Resource' }];
    expect(dashboard.stored('hello')).toMatchObject({ spec: { autoScaleMetrics } });
  });

  it.each([
    ['no amount', 'concurrency', /--scale-metric\.0: must be METRIC=AMOUNT/],
    ['an amount that is none', 'concurrency=many', /--scale-metric\.0\.threshold: must have a number/],
    ['a name that nobody counts', 'concurency=10', /--scale-metric\.0: must be concurrency, requests_per_second, lag, or/],
    ['another source', 'memory=80,source=Moon', /--scale-metric\.0\.sourceType/],
    ['a window that is none', 'concurrency=10,window=1s', /windowSize: must be a duration from 10s to 1h/],
  ])('says what is wrong with a metric that has %s', async (_what, metric, message) => {
    const { cli } = await startWithDashboard();
    const folder = await folderWith({ 'main.js': code });
    expect(await cli('fn', 'deploy', folder, '--name', 'hello', '--no-wait', '--scale-metric', metric)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(message),
    });
  });
});

describe('a project', () => {
  it('gets the most replicas that its functions may have together', async () => {
    const { cli } = await startWithDashboard();
    expect(await cli('project', 'create', 'weather', '--max-replicas', '20')).toMatchObject({ code: 0 });
    expect(JSON.parse((await cli('project', 'get', 'weather', '-o', 'json')).stdout)).toMatchObject({ spec: { maxReplicas: 20 } });
    expect((await cli('project', 'get', '-o', 'wide')).stdout).toMatch(/MAX REPLICAS\n(.*\n)*.* weather .* 20\n/);
    const { code: exit, stderr } = await cli('project', 'create', 'x', '--max-replicas', 'many');
    expect([exit, stderr]).toEqual([1, expect.stringContaining('--max-replicas: must be a whole number')]);
  });
});

describe('the limits of a function', () => {
  it.each([
    [{}, '1', ''],
    [{ replicas: 3, minReplicas: 1, maxReplicas: 5 }, '3', ''],
    [{ minReplicas: 2, maxReplicas: 2 }, '2', ''],
    [{ minReplicas: 0, maxReplicas: 1 }, '0-1', ''],
    [{ minReplicas: 1, maxReplicas: 4 }, '1-4', 'cpu 75%'],
    [{ minReplicas: 1, maxReplicas: 4, targetCPU: 40 }, '1-4', 'cpu 40%'],
    [{ minReplicas: 1, maxReplicas: 4, customScalingMetricSpecs: [{}] }, '1-4', 'customScalingMetricSpecs'],
    [{ minReplicas: 'x' }, '', ''],
  ])('of %j are %s, and it is scaled by "%s"', (spec, limits, scaling) => {
    expect([limitsTextOf(spec), scalingTextOf(spec)]).toEqual([limits, scaling]);
  });
});

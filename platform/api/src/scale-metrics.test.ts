import { describe, expect, it } from 'vitest';
import { functionSpecSchema } from './function.ts';
import { platformConfigSchema } from './platform-config.ts';
import { scaleMetricMistakes, scaleTargetsOf, supportedScaleMetricsOf } from './scale-metrics.ts';

const specOf = (autoScaleMetrics: object[], spec: object = {}) => functionSpecSchema.parse({ ...spec, autoScaleMetrics });
const concurrency = { metricName: 'concurrency', threshold: 10 };

describe('the metrics of processors that a function is scaled by', () => {
  it('have a window of a minute where none is given', () => {
    expect(scaleTargetsOf(specOf([concurrency, { metricName: 'lag', threshold: 0.5, windowSize: '5m' }]))).toEqual([
      { metric: 'concurrency', threshold: 10, windowMs: 60_000 },
      { metric: 'lag', threshold: 0.5, windowMs: 300_000 },
    ]);
  });

  it.each([
    ['are none where the function names others', { metricName: 'cpu', threshold: 75 }],
    ['are none with a source of Kubernetes', { ...concurrency, sourceType: 'Pods' }],
  ])('%s', (_what, metric) => {
    expect(scaleTargetsOf(specOf([metric]))).toEqual([]);
    expect([...scaleMetricMistakes(specOf([metric], { customScalingMetricSpecs: [{}] }))]).toEqual([]);
  });

  it.each([
    ['without a threshold', [{ metricName: 'lag' }], {}, /^spec\.autoScaleMetrics\.0\.threshold: /],
    ['with a threshold of nothing', [{ ...concurrency, threshold: 0 }], {}, /^spec\.autoScaleMetrics\.0\.threshold: /],
    ['with a window that is none', [{ ...concurrency, windowSize: 'soon' }], {}, /windowSize: must be a duration from 10s to 1h/],
    ['with a window in which too little is seen', [{ ...concurrency, windowSize: '1s' }], {}, /windowSize: must be/],
    ['beside others', [concurrency, { metricName: 'cpu', threshold: 75 }], {}, /concurrency cannot be combined with metrics of Kubernetes/],
    ["beside Kubernetes' own", [concurrency], { customScalingMetricSpecs: [{}] }, /cannot be combined/],
  ])('are refused %s', (_what, metrics, spec, text) => {
    expect([...scaleMetricMistakes(specOf(metrics, spec))].join('; ')).toMatch(text);
  });
});

describe('the metrics that people can choose from', () => {
  const counted = { metrics: { sinks: { pull: { kind: 'prometheusPull' } }, functions: ['pull'] } };
  const own = ['concurrency', 'requests_per_second', 'lag'];
  const named = [{ metricName: 'memory', sourceType: 'Resource', displayType: 'percentage' }, { metricName: 'lag' }];

  it.each<[what: string, platform: object, names: string[]]>([
    ['none where processors do not tell what they count', {}, []],
    ['those of processors', counted, own],
    [
      "Kubernetes' too, where it is asked for what functions name",
      { ...counted, autoScaleMetricsMode: 'custom' },
      ['cpu', 'memory', ...own],
    ],
    ['what the platform names, and those of processors once', { ...counted, supportedAutoScaleMetrics: named }, ['memory', ...own]],
  ])('are %s', (_what, platform, names) => {
    const supported = supportedScaleMetricsOf(platformConfigSchema.parse(platform));
    expect(supported.map((metric) => Object(metric).metricName)).toEqual(names);
  });
});

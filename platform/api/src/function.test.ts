import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.ts';
import { enrichFunction } from './enrich.ts';
import { functionConfigSchema } from './function.ts';
import { javascriptHandlerOf } from './handler.ts';
import { splitImage } from './names.ts';
import { platformConfigSchema } from './platform-config.ts';
import { validateFunction } from './validate.ts';
import { autoFixFunction } from './validate-triggers.ts';

const make = (spec: object, metadata: object = { name: 'f' }) => functionConfigSchema.parse({ metadata, spec });
const enriched = (spec: object) => enrichFunction(make({ image: 'i', runtime: 'nodejs', ...spec }));
const mistakesOf = (spec: object) => {
  try {
    validateFunction(enriched(spec));
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a function', () => {
  it('keeps fields that are not used yet', () => {
    const config = make({ loggerSinks: [{ level: 'debug' }], triggers: { t: { kind: 'http', future: 1 } } });
    expect(config.spec).toMatchObject({ loggerSinks: [{ level: 'debug' }], triggers: { t: { future: 1 } } });
  });

  it('gets the project, the trigger and the resources that it leaves out', () => {
    const { metadata, spec } = enriched({});
    expect(metadata).toMatchObject({ namespace: 'nuclio', labels: { 'nuclio.io/project-name': 'default' } });
    expect(spec.triggers).toEqual({ 'default-http': { kind: 'http', name: 'default-http', numWorkers: 1 } });
    expect(spec.resources).toEqual({ requests: { cpu: '25m', memory: '1Mi' } });
    expect(spec).toMatchObject({ version: -1, alias: 'latest' });
  });

  it('gets no trigger where it has one, or wants none', () => {
    expect(enriched({ triggers: { mine: { kind: 'http', maxWorkers: 3 } } }).spec.triggers).toEqual({
      mine: { kind: 'http', name: 'mine', maxWorkers: 3, numWorkers: 3 },
    });
    expect(enriched({ disableDefaultHTTPTrigger: true }).spec.triggers).toEqual({});
  });

  it('gets a version of Python, and one name for a volume and its mount', () => {
    const volumes = [{ volume: { name: 'v', emptyDir: {} }, volumeMount: { mountPath: '/v' } }];
    expect(enriched({ runtime: 'python', volumes }).spec).toMatchObject({
      runtime: 'python:3.9',
      volumes: [{ volume: { name: 'v', emptyDir: {} }, volumeMount: { name: 'v', mountPath: '/v' } }],
    });
  });

  it('gets what the platform sets for all functions, unless it sets that itself', () => {
    const common = { env: [{ name: 'A', value: '1' }, { name: 'B' }], envFrom: [{ secretRef: { name: 's' } }] };
    const platform = platformConfigSchema.parse({ runtime: { common } });
    const { spec } = enrichFunction(make({ env: [{ name: 'A', value: 'own' }], envFrom: [{ own: 1 }] }), 'nuclio', platform);
    expect([spec.env, spec.envFrom]).toEqual([
      [{ name: 'A', value: 'own' }, { name: 'B' }],
      [{ secretRef: { name: 's' } }, { own: 1 }],
    ]);
  });

  it('takes one limit of replicas for the other', () => {
    expect(enriched({ minReplicas: 2 }).spec).toMatchObject({ minReplicas: 2, maxReplicas: 2 });
    expect(enriched({ maxReplicas: 3 }).spec).toMatchObject({ minReplicas: 3, maxReplicas: 3 });
  });

  it.each([
    [
      { image: '' },
      /^Function must have either spec\.build\.path,spec\.build\.functionSourceCode, spec\.build\.image or spec\.image set in order to create$/,
    ],
    [{ runtime: '' }, /^If image is passed, runtime must be specified$/],
    [{ triggers: { a: { kind: 'http', name: 'b' } } }, /^Trigger key and name mismatch \(a != b\)$/],
    [{ triggers: { '': { kind: 'http' } } }, /Trigger key can not be empty/],
    [{ triggers: { a: { kind: 'http' }, b: { kind: 'http' } } }, /^There's more than one http trigger \(unsupported\)$/],
    [{ minReplicas: 0 }, /^Max replicas must be set when min replicas is zero$/],
    [{ minReplicas: 3, maxReplicas: 2 }, /^Min replicas must be less than or equal to max replicas$/],
    [{ maxReplicas: 0 }, /Max replicas must be greater than zero/],
    [{ triggers: { a: { kind: 'http', batch: { mode: 'enable', batchSize: 0 } } } }, /^Batch size should be 1 or higher$/],
    [
      { minReplicas: 1, maxReplicas: 2, triggers: { s: { kind: 'v3ioStream', attributes: { workerAllocationMode: 'static' } } } },
      /^V3IO Stream trigger does not support autoscaling$/,
    ],
    [
      { triggers: { k: { kind: 'kafka-cluster', explicitAckMode: 'enable' } } },
      /^Explicit ack mode is not allowed when using worker pool allocation mode$/,
    ],
    [{ minReplicas: 0, maxReplicas: 1, disableDefaultHTTPTrigger: true }, /^Function can not be scaling to zero without http trigger/],
    [{ build: { baseImage: 'a$(b)' } }, /^Image name "a\$\(b\)" is not valid$/],
    [{ runRegistry: 'a;b' }, /^Image name "a;b" is not valid$/],
    [{ image: 'a b; rm' }, /Image name "a b; rm" is not valid/],
    [{ eventTimeout: 'soon' }, /Event timeout soon/],
    [{ autoScaleMetrics: [{ metricName: 'concurrency', threshold: 0 }] }, /^spec\.autoScaleMetrics\.0\.threshold/],
  ])('is refused with the text of Nuclio: %j', (spec, text) => {
    expect(mistakesOf(spec)).toMatch(text);
  });

  it('may acknowledge by itself where partitions are pinned to workers', () => {
    const attributes = { workerAllocationMode: 'static' };
    expect(mistakesOf({ triggers: { k: { kind: 'kafka-cluster', explicitAckMode: 'explicitOnly', attributes } } })).toBe('');
  });

  it('is corrected where a stream cannot scale: the lower limit follows the upper one', () => {
    const { spec } = enriched({ minReplicas: 1, maxReplicas: 2, triggers: { s: { kind: 'v3ioStream' } } });
    expect(autoFixFunction(spec)).toMatchObject({ minReplicas: 2, maxReplicas: 2 });
    expect(autoFixFunction(enriched({ minReplicas: 1, maxReplicas: 2 }).spec)).toMatchObject({ minReplicas: 1, maxReplicas: 2 });
  });

  it('is told all mistakes at once', () => {
    expect(mistakesOf({ image: '', minReplicas: 3, maxReplicas: 2 })).toMatch(/Function must have.*; Min replicas/);
  });

  it('cannot act as the platform', () => {
    expect(mistakesOf({ serviceAccount: 'activator' })).toBe('Service account activator belongs to the platform');
    expect(mistakesOf({ serviceAccount: 'mine' })).toBe('');
  });

  it.each([
    ['a volume', (name: string) => ({ volumes: [{ volume: { name: 'v', secret: { secretName: name } } }] })],
    ['a part of a volume', (name: string) => ({ volumes: [{ volume: { name: 'v', projected: { sources: [{ secret: { name } }] } } }] })],
    ['a variable', (name: string) => ({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name, key: 'content' } } }] })],
    ['variables', (name: string) => ({ envFrom: [{ secretRef: { name } }] })],
    ['variables of a sidecar', (name: string) => ({ sidecars: [{ name: 's', envFrom: [{ secretRef: { name } }] }] })],
    [
      'a variable of an init container',
      (name: string) => ({ initContainers: [{ name: 's', env: [{ name: 'A', valueFrom: { secretKeyRef: { name, key: 'k' } } }] }] }),
    ],
  ])('cannot have as %s what was taken out of another function', (_, specWith) => {
    for (const name of ['nuclio-other-1a2b3c4d', 'nuclio-f-x-1a2b3c4d']) {
      expect(mistakesOf(specWith(name))).toBe(`Secret ${name} belongs to another function`);
    }
    for (const name of ['nuclio-f-1a2b3c4d', 'database', 'nuclio-other']) expect(mistakesOf(specWith(name))).toBe('');
  });

  it('cannot have a name of the platform', () => {
    const config = enrichFunction(make({ image: 'i', runtime: 'nodejs' }, { name: 'dlx' }));
    expect(() => validateFunction(config)).toThrow('Function name dlx is reserved and cannot be used.');
  });

  it.each(['A', 'a_b', '-a', 'a'.repeat(57), ''])('cannot be named %j', (name) => {
    expect(() => make({}, { name })).toThrow();
  });
});

describe('names', () => {
  it('of handlers are file:function, or a function of handler.js', () => {
    expect(javascriptHandlerOf('main:run')).toEqual({ file: 'main.js', entry: 'run' });
    expect(javascriptHandlerOf('lib/main.mjs:run')).toEqual({ file: 'lib/main.mjs', entry: 'run' });
    expect(javascriptHandlerOf('run')).toEqual({ file: 'handler.js', entry: 'run' });
    expect(javascriptHandlerOf(undefined)).toEqual({ file: 'handler.js', entry: 'handler' });
  });

  it.each(['../x:run', '/etc/x:run', 'a/../../x:run', 'a:b:c', ':', 'a:'])('of handlers do not leave their folder: %s', (handler) => {
    expect(() => javascriptHandlerOf(handler)).toThrow(/is not valid/);
  });

  it('of images are split at the tag, not at a port', () => {
    expect(splitImage('host:5000/a/b:c')).toEqual({ repository: 'host:5000/a/b', tag: 'c' });
    expect(splitImage('host:5000/a')).toEqual({ repository: 'host:5000/a', tag: 'latest' });
  });
});

describe('durations', () => {
  it.each([
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
  ])('%s are read as Go writes them', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '10', 's', '10 s', '10s!'])('%j are none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

import { functionSpecSchema } from '@ampoule/platform-api/function';
import { platformConfigSchema } from '@ampoule/platform-api/platform-config';
import { describe, expect, it } from 'vitest';
import { withPreemption } from './preemption.ts';

const theirs = { key: 'spot', operator: 'Exists', effect: 'NoSchedule' };
const gpus = { key: 'gpu', operator: 'Exists', effect: 'NoSchedule' };
const own = { key: 'own', operator: 'Exists', effect: 'NoSchedule' };
const tainted = { tolerations: [theirs], gpuTolerations: [gpus], nodeSelector: { pool: 'spot' } };
const labelled = { nodeSelector: { pool: 'spot' } };
const terms = (...nodeSelectorTerms: object[]) => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
});
const onSpot = (operator: string) => ({ key: 'pool', operator, values: ['spot'] });

function place(spec: object, preemptibleNodes: object | undefined, given: { tolerations?: object[]; affinity?: object } = {}) {
  const { kube } = platformConfigSchema.parse({ kube: { preemptibleNodes } });
  const placement = { tolerations: [], affinity: {}, ...given };
  return withPreemption(functionSpecSchema.parse({ runtime: 'nodejs', ...spec }), kube, placement);
}

describe('the pods of a function', () => {
  it.each([
    ['allow', tainted, { tolerations: [own, theirs], affinity: {} }],
    ['constrain', tainted, { tolerations: [own, theirs], affinity: terms({ matchExpressions: [onSpot('In')] }) }],
    ['prevent', tainted, { tolerations: [own], affinity: {} }],
    ['prevent', labelled, { tolerations: [own], affinity: terms({ matchExpressions: [onSpot('NotIn')] }) }],
    ['none', tainted, { tolerations: [own], affinity: {} }],
  ])('are placed by the mode %s on preemptible nodes like %j', (preemptionMode, nodes, placement) => {
    expect(place({ preemptionMode }, nodes, { tolerations: [own] })).toEqual(placement);
  });

  it('are kept off preemptible nodes unless the function or the platform says otherwise', () => {
    expect(place({}, tainted, { tolerations: [theirs] }).tolerations).toEqual([]);
    expect(place({}, { ...tainted, defaultMode: 'allow' }).tolerations).toEqual([theirs]);
  });

  it('tolerate nodes with GPUs only where they want one', () => {
    const spec = { preemptionMode: 'allow', resources: { limits: { 'nvidia.com/gpu': '1' } } };
    expect(place(spec, tainted).tolerations).toEqual([theirs, gpus]);
  });

  it('keep each of the terms that the function has', () => {
    const zones = ['a', 'b'].map((zone) => ({ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] }));
    const { affinity } = place({ preemptionMode: 'constrain' }, labelled, { affinity: { podAffinity: {}, ...terms(...zones) } });
    const both = zones.map(({ matchExpressions }) => ({ matchExpressions: [...matchExpressions, onSpot('In')] }));
    expect(affinity).toEqual({ podAffinity: {}, ...terms(...both) });
  });

  it('are left alone where no nodes are preemptible', () => {
    expect(place({ preemptionMode: 'constrain' }, undefined, { tolerations: [own] })).toEqual({ tolerations: [own], affinity: {} });
  });
});

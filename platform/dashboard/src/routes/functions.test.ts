import { expect } from 'vitest';
import { spec } from '../testing/dashboard.ts';
import { at, building, fn, inProject, ready, twoProjects, withGateway, withProject } from '../testing/functions.ts';
import { playRows, type Row } from '../testing/rows.ts';

const creation: Row[] = [
  {
    it: 'are written in state building, filled in',
    call: 'POST /api/functions',
    body: fn('f'),
    status: 202,
    answer: undefined,
    after: {
      [at('f')]: {
        metadata: { labels: { 'nuclio.io/project-name': 'default' } },
        spec: { triggers: { 'default-http': { kind: 'http', numWorkers: 1 } }, resources: { requests: { cpu: '25m', memory: '1Mi' } } },
        status: { state: 'building' },
      },
    },
  },
  {
    it: 'lose what is null, which a schema of Kubernetes does not take',
    call: 'POST /api/functions',
    body: fn('f', { ...spec, env: null, minReplicas: null }),
    status: 202,
    after: { [at('f')]: { spec: expect.not.objectContaining({ env: null }) } },
  },
  {
    it: 'belong to the project that the header names',
    given: withProject,
    call: 'POST /api/functions',
    body: fn('f'),
    headers: inProject('other'),
    status: 202,
    after: { [at('f')]: { metadata: { labels: { 'nuclio.io/project-name': 'other' } } } },
  },
  {
    it: 'are refused when their name is taken',
    given: building,
    call: 'POST /api/functions',
    body: fn('f'),
    status: 409,
    answer: { error: 'Cannot create two functions with the same name' },
  },
  {
    it: 'are refused when their name is reserved',
    call: 'POST /api/functions',
    body: fn('scaler'),
    status: 412,
    answer: { error: 'Function name scaler is reserved and cannot be used.' },
  },
  {
    it: 'are refused without a name',
    call: 'POST /api/functions',
    body: { metadata: {}, spec },
    status: 400,
    answer: { error: expect.stringContaining('Function name must be provided in metadata') },
  },
  {
    it: 'are refused when their project is missing',
    call: 'POST /api/functions',
    body: fn('f'),
    headers: inProject('none'),
    status: 412,
    answer: { error: 'Project does not exist' },
  },
  {
    it: 'are refused with all mistakes of their form at once',
    call: 'POST /api/functions',
    body: fn('A b', { handler: 1, replicas: -1 }),
    status: 400,
    answer: { error: expect.stringMatching(/metadata\.name.*spec\.handler.*spec\.replicas/s) },
  },
  {
    it: 'are refused when what they ask for cannot be',
    call: 'POST /api/functions',
    body: fn('f', { ...spec, minReplicas: 2, maxReplicas: 1 }),
    status: 400,
    answer: { error: 'Min replicas must be less than or equal to max replicas' },
  },
  {
    it: 'are refused when the body is no JSON object',
    call: 'POST /api/functions',
    body: 'f',
    status: 400,
  },
  {
    it: 'are refused when the time that the caller gives is none',
    call: 'POST /api/functions',
    body: fn('f'),
    headers: { 'x-nuclio-creation-state-updated-timeout': 'soon' },
    status: 400,
    after: { [at('f')]: undefined },
  },
  {
    it: 'are refused when a stream cannot scale',
    call: 'POST /api/functions',
    body: fn('f', { ...spec, minReplicas: 1, maxReplicas: 3, triggers: { s: { kind: 'v3ioStream' } } }),
    status: 400,
    answer: { error: 'V3IO Stream trigger does not support autoscaling' },
  },
  {
    it: 'are corrected when a stream cannot scale and the caller wants that',
    call: 'POST /api/functions',
    body: fn('f', { ...spec, minReplicas: 1, maxReplicas: 3, triggers: { s: { kind: 'v3ioStream' } } }),
    headers: { 'x-nuclio-autofix-function-configuration': 'true' },
    status: 202,
    after: { [at('f')]: { spec: { minReplicas: 3, maxReplicas: 3 } } },
  },
];

const reading: Row[] = [
  { it: 'are listed by their names', given: twoProjects, call: 'GET /api/functions', status: 200, names: ['a', 'b'] },
  {
    it: 'are filtered by project',
    given: twoProjects,
    call: 'GET /api/functions',
    headers: inProject('other'),
    status: 200,
    names: ['b'],
  },
  {
    it: 'are not filtered by what no project can be named',
    call: 'GET /api/functions',
    headers: inProject('a,b=c'),
    status: 400,
  },
  {
    it: 'are filtered by name',
    given: twoProjects,
    call: 'GET /api/functions',
    headers: { 'x-nuclio-function-name': 'a' },
    status: 200,
    names: ['a'],
  },
  {
    it: 'are listed in the namespace that the header names',
    given: building,
    call: 'GET /api/functions',
    headers: { 'x-nuclio-function-namespace': 'other' },
    status: 200,
    names: [],
  },
  {
    it: 'are given one at a time',
    given: building,
    call: 'GET /api/functions/f',
    status: 200,
    answer: { metadata: { name: 'f', namespace: 'nuclio' }, spec, status: { state: 'building' } },
  },
  { it: 'are not found where there is none', call: 'GET /api/functions/f', status: 404, answer: { error: 'Function not found' } },
  {
    it: 'tell their API gateways to those who ask',
    given: withGateway,
    call: 'GET /api/functions/f',
    headers: { 'x-nuclio-function-enrich-apigateways': 'true' },
    status: 200,
    answer: { status: { state: 'ready', apiGateways: ['g'] } },
  },
  {
    it: 'lose the image that their source became, for those who ask',
    given: ready,
    call: 'GET /api/functions/f',
    headers: { 'x-nuclio-skip-spec-cleanup': 'true' },
    status: 200,
    answer: { spec: expect.not.objectContaining({ image: expect.anything() }) },
  },
  {
    it: 'are exported so that they are not run where they come to, without secrets',
    given: async (d) => {
      await d.create('f', { ...spec, triggers: { k: { kind: 'kafka-cluster', password: 'p', secret: 's', topics: ['t'] } } });
      d.setState('f', 'ready');
    },
    call: 'GET /api/functions/f?export=true',
    status: 200,
    names: ['metadata', 'spec'],
    answer: {
      metadata: {
        name: 'f',
        annotations: { 'skip-build': 'true', 'skip-deploy': 'true', 'nuclio.io/previous-state': 'ready' },
      },
      spec: { triggers: { k: { kind: 'kafka-cluster', name: 'k', numWorkers: 1, topics: ['t'] } } },
    },
  },
  { it: 'are exported all at once', given: twoProjects, call: 'GET /api/functions?export=true', status: 200, names: ['a', 'b'] },
];

playRows('functions that are created', creation);
playRows('functions that are read', reading);

playRows(
  'functions of a platform with settings of its own',
  [
    {
      it: 'get the environment of all functions, and no trigger that they do not name',
      call: 'POST /api/functions',
      body: fn('f', { ...spec, env: [{ name: 'A', value: 'own' }] }),
      status: 202,
      after: {
        [at('f')]: {
          spec: {
            env: [
              { name: 'A', value: 'own' },
              { name: 'B', value: '2' },
            ],
            envFrom: [{ secretRef: { name: 's' } }],
            triggers: {},
          },
        },
      },
    },
  ],
  {
    platform: {
      disableDefaultHTTPTrigger: true,
      runtime: {
        common: {
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
          envFrom: [{ secretRef: { name: 's' } }],
        },
      },
    },
  },
);

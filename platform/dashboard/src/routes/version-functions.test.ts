import { expect } from 'vitest';
import { kinds, spec, type TestDashboard } from '../testing/dashboard.ts';
import { at, fn, ready } from '../testing/functions.ts';
import { playRows, type Row } from '../testing/rows.ts';

const labels = { 'ampoule.internal/version-of': 'f', 'ampoule.internal/version': '1', 'nuclio.io/project-name': 'default' };
/** What the controller makes of version 1 of a function, and an alias that leads to it. */
const withVersion = async (d: TestDashboard) => {
  await ready(d);
  d.api.put(at('f-v1'), { metadata: { labels }, spec: { ...spec, image: 'registry/f:1' }, status: { state: 'ready' } });
};
const untouched = { [at('f-v1')]: { metadata: { labels }, spec: { image: 'registry/f:1' }, status: { state: 'ready' } } };
const error = expect.stringContaining('Function f-v1 is a version of function f');

const refused: [what: string, call: string, body: object, headers?: Record<string, string>][] = [
  ['replaced', 'PUT /api/functions', fn('f-v1')],
  ['replaced as they were read', 'PUT /api/functions/f-v1', fn('f-v1', spec, { labels })],
  ['brought to another state', 'PATCH /api/functions/f-v1', { desiredState: 'scaledToZero' }],
  ['brought back', 'POST /api/functions/f-v1/rollback', {}],
  ['removed', 'DELETE /api/functions', { metadata: { name: 'f-v1' } }],
  [
    'removed by force',
    'DELETE /api/functions',
    { metadata: { name: 'f-v1' } },
    { 'x-nuclio-delete-function-ignore-state-validation': 'true' },
  ],
];

playRows('functions that run versions of others', [
  ...refused.map(
    ([what, call, body, headers = {}]): Row => ({
      it: `are not ${what}`,
      given: withVersion,
      call,
      body,
      headers,
      status: 412,
      answer: { error },
      after: untouched,
    }),
  ),
  {
    it: 'are not created by people, as the platform would remove them again',
    call: 'POST /api/functions',
    body: fn('f-v1', spec, { labels }),
    status: 412,
    answer: { error },
    after: { [at('f-v1')]: undefined },
  },
  { it: 'are not listed', given: withVersion, call: 'GET /api/functions', status: 200, names: ['f'] },
  { it: 'are not exported', given: withVersion, call: 'GET /api/functions?export=true', status: 200, names: ['f'] },
  {
    it: 'are listed where they are asked for by name',
    given: withVersion,
    call: 'GET /api/functions',
    headers: { 'x-nuclio-function-name': 'f-v1' },
    status: 200,
    names: ['f-v1'],
  },
  {
    it: 'are given by their names',
    given: withVersion,
    call: 'GET /api/functions/f-v1',
    status: 200,
    answer: { metadata: { name: 'f-v1' } },
  },
  {
    it: 'are not exported with their project',
    given: withVersion,
    call: 'GET /api/projects/default?export=true',
    status: 200,
    answer: { functions: expect.not.objectContaining({ 'f-v1': expect.anything() }) },
  },
  {
    it: 'are no reason to keep a project, and are left to the controller where all of it is removed',
    given: async (d) => {
      await d.call('POST', '/api/projects', { metadata: { name: 'p' } });
      d.api.put(at('f-v1'), { metadata: { labels: { ...labels, 'nuclio.io/project-name': 'p' } }, spec, status: { state: 'ready' } });
    },
    call: 'DELETE /api/projects',
    body: { metadata: { name: 'p' } },
    headers: { 'x-nuclio-delete-project-strategy': 'cascading' },
    status: 204,
    after: { [`${kinds}/nuclioprojects/p`]: undefined, [at('f-v1')]: { status: { state: 'ready' } } },
  },
]);

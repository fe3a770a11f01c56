import { expect } from 'vitest';
import { kinds, type TestDashboard } from '../testing/dashboard.ts';
import { playRows } from '../testing/rows.ts';

const at = (name: string) => `${kinds}/nucliofunctionevents/${name}`;
const event = (name: string, owner = 'f', fields: object = {}) => ({
  metadata: { name, labels: { 'nuclio.io/function-name': owner } },
  spec: fields,
});
const withEvents = async (d: TestDashboard) => {
  await d.call('POST', '/api/function_events', event('a', 'f', { displayName: 'A' }));
  await d.call('POST', '/api/function_events', event('b', 'g'));
};

playRows('function events', [
  {
    it: 'are kept, of kind http when they name none',
    call: 'POST /api/function_events',
    body: event('a', 'f', { body: 'x', attributes: { method: 'POST', path: '/p', headers: { h: 1 } } }),
    status: 201,
    answer: { metadata: { name: 'a' }, spec: { triggerKind: 'http', body: 'x', attributes: { headers: { h: 1 } } } },
    after: { [at('a')]: { kind: 'NuclioFunctionEvent', metadata: { labels: { 'nuclio.io/function-name': 'f' } } } },
  },
  {
    it: 'get a name of their own when they bring none',
    call: 'POST /api/function_events',
    body: { metadata: { labels: { 'nuclio.io/function-name': 'f' } }, spec: {} },
    status: 201,
    answer: { metadata: { name: expect.stringMatching(/^[0-9a-f-]{36}$/) } },
  },
  { it: 'must say whose they are', call: 'POST /api/function_events', body: { metadata: { name: 'a' }, spec: {} }, status: 400 },
  { it: 'are not kept twice', given: withEvents, call: 'POST /api/function_events', body: event('a'), status: 409 },
  { it: 'are listed by their names', given: withEvents, call: 'GET /api/function_events', status: 200, names: ['a', 'b'] },
  {
    it: 'are listed by the function that they belong to',
    given: withEvents,
    call: 'GET /api/function_events',
    headers: { 'x-nuclio-function-name': 'g' },
    status: 200,
    names: ['b'],
  },
  {
    it: 'are filtered by their own name',
    given: withEvents,
    call: 'GET /api/function_events',
    headers: { 'x-nuclio-function-event-name': 'a' },
    status: 200,
    names: ['a'],
  },
  {
    it: 'are given one at a time',
    given: withEvents,
    call: 'GET /api/function_events/a',
    status: 200,
    answer: { spec: { displayName: 'A' } },
  },
  {
    it: 'are not found where there is none',
    call: 'GET /api/function_events/a',
    status: 404,
    answer: { error: 'Function event not found' },
  },
  {
    it: 'are replaced',
    given: withEvents,
    call: 'PUT /api/function_events',
    body: event('a', 'f', { displayName: 'B' }),
    status: 204,
    after: { [at('a')]: { spec: { displayName: 'B', triggerKind: 'http' } } },
  },
  { it: 'are not replaced where there is none', call: 'PUT /api/function_events', body: event('a'), status: 404 },
  {
    it: 'are removed',
    given: withEvents,
    call: 'DELETE /api/function_events',
    body: { metadata: { name: 'a' } },
    status: 204,
    after: { [at('a')]: undefined, [at('b')]: {} },
  },
  { it: 'are as good as removed where there is none', call: 'DELETE /api/function_events', body: { metadata: { name: 'a' } }, status: 204 },
  { it: 'are not removed without a name', call: 'DELETE /api/function_events', body: {}, status: 400 },
]);

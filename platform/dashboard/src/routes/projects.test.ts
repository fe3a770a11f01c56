import { describe, expect, it } from 'vitest';
import { kinds, spec, startDashboard, type TestDashboard } from '../testing/dashboard.ts';
import { playRows } from '../testing/rows.ts';

const at = (name: string) => `${kinds}/nuclioprojects/${name}`;
const project = (name: string, fields: object = {}) => ({ metadata: { name }, spec: fields });
const withProject = (d: TestDashboard) => d.call('POST', '/api/projects', project('p', { description: 'd' }));
const filled = async (d: TestDashboard) => {
  await withProject(d);
  await d.create('f', spec, { 'x-nuclio-project-name': 'p' });
  d.setState('f', 'ready');
};
const gateway = { metadata: { name: 'g' }, spec: { host: 'h', upstreams: [{ kind: 'nucliofunction', nucliofunction: { name: 'f' } }] } };
const withGateway = async (d: TestDashboard) => {
  await withProject(d);
  await d.call('POST', '/api/api_gateways', gateway, { 'x-nuclio-project-name': 'p' });
};
const strategy = (name: string) => ({ 'x-nuclio-delete-project-strategy': name });

playRows('projects', [
  { it: 'are there from the start: the default one', call: 'GET /api/projects', status: 200, names: ['default'] },
  {
    it: 'are created and given back',
    call: 'POST /api/projects',
    body: project('p', { description: 'd', owner: 'o', defaultFunctionNodeSelector: { a: 'b' } }),
    status: 201,
    answer: { metadata: { name: 'p', namespace: 'nuclio' }, spec: { description: 'd', owner: 'o' } },
    after: { [at('p')]: { kind: 'NuclioProject', spec: { defaultFunctionNodeSelector: { a: 'b' } } } },
  },
  {
    it: 'are not created without a name',
    call: 'POST /api/projects',
    body: { metadata: {} },
    status: 400,
    answer: { error: expect.stringContaining('Project name must be provided in metadata') },
  },
  {
    it: 'are not created with a name that no label of DNS can be',
    call: 'POST /api/projects',
    body: project('A_b'),
    status: 400,
  },
  { it: 'are not created twice', given: withProject, call: 'POST /api/projects', body: project('p'), status: 409 },
  {
    it: 'are listed in the namespace that the header names',
    call: 'GET /api/projects',
    headers: { 'x-nuclio-project-namespace': 'other' },
    status: 200,
    names: [],
  },
  {
    it: 'are filtered by name',
    given: withProject,
    call: 'GET /api/projects',
    headers: { 'x-nuclio-project-name': 'p' },
    status: 200,
    names: ['p'],
  },
  { it: 'are given one at a time', given: withProject, call: 'GET /api/projects/p', status: 200, answer: { spec: { description: 'd' } } },
  { it: 'are not found where there is none', call: 'GET /api/projects/q', status: 404, answer: { error: 'Project not found' } },
  {
    it: 'are replaced',
    given: withProject,
    call: 'PUT /api/projects/p',
    body: project('p', { description: 'e' }),
    status: 204,
    after: { [at('p')]: { spec: { description: 'e' } } },
  },
  { it: 'are not replaced where there is none', call: 'PUT /api/projects/q', body: project('q'), status: 404 },
  {
    it: 'are not replaced by a stale version',
    given: withProject,
    call: 'PUT /api/projects/p',
    body: { metadata: { name: 'p', resourceVersion: '1' } },
    status: 409,
  },
  { it: 'are not replaced under another name', given: withProject, call: 'PUT /api/projects/p', body: project('q'), status: 400 },
  {
    it: 'are removed when they are empty',
    given: withProject,
    call: 'DELETE /api/projects',
    body: project('p'),
    status: 204,
    after: { [at('p')]: undefined },
  },
  {
    it: 'are only looked at by the strategy check',
    given: withProject,
    call: 'DELETE /api/projects',
    body: project('p'),
    headers: strategy('check'),
    status: 204,
    after: { [at('p')]: {} },
  },
  {
    it: 'are not removed while they have functions',
    given: filled,
    call: 'DELETE /api/projects',
    body: project('p'),
    status: 412,
    answer: { error: 'Project contains functions' },
    after: { [at('p')]: {} },
  },
  {
    it: 'are told to have functions by the strategy check',
    given: filled,
    call: 'DELETE /api/projects',
    body: project('p'),
    headers: strategy('check'),
    status: 412,
  },
  {
    it: 'are not removed while they have API gateways',
    given: withGateway,
    call: 'DELETE /api/projects',
    body: project('p'),
    status: 412,
    answer: { error: 'Project contains api gateways' },
  },
  {
    it: 'are removed with all that they have by the strategy cascading',
    given: async (d) => {
      await filled(d);
      await d.call('POST', '/api/api_gateways', gateway, { 'x-nuclio-project-name': 'p' });
    },
    call: 'DELETE /api/projects',
    body: project('p'),
    headers: strategy('cascading'),
    status: 204,
    after: { [at('p')]: undefined, [`${kinds}/nucliofunctions/f`]: undefined, [`${kinds}/nuclioapigateways/g`]: undefined },
  },
  {
    it: 'are not removed by a strategy that nobody knows',
    given: withProject,
    call: 'DELETE /api/projects',
    body: project('p'),
    headers: strategy('wild'),
    status: 400,
  },
  {
    it: 'are never removed when they are the default one',
    call: 'DELETE /api/projects',
    body: project('default'),
    headers: strategy('cascading'),
    status: 412,
    answer: { error: 'Cannot delete the default project' },
    after: { [at('default')]: {} },
  },
  { it: 'are not removed where there is none', call: 'DELETE /api/projects', body: project('q'), status: 404 },
  {
    it: 'are exported with all that belongs to them',
    given: async (d) => {
      await filled(d);
      await d.call('POST', '/api/function_events', { metadata: { name: 'e', labels: { 'nuclio.io/function-name': 'f' } }, spec: {} });
    },
    call: 'GET /api/projects/p?export=true',
    status: 200,
    answer: {
      project: { metadata: { name: 'p' }, spec: { description: 'd' } },
      functions: { f: { metadata: { annotations: { 'skip-build': 'true', 'nuclio.io/previous-state': 'ready' } } } },
      functionEvents: { e: { metadata: { name: 'e' } } },
      apiGateways: {},
    },
  },
  { it: 'are exported all at once', given: filled, call: 'GET /api/projects?export=true', status: 200, names: ['default', 'p'] },
  {
    it: 'are imported, and what cannot be is named',
    call: 'POST /api/projects?import=true',
    body: {
      project: project('new', { description: 'n' }),
      functions: { good: { metadata: { name: 'good' }, spec }, bad: { metadata: { name: 'bad' }, spec: {} } },
      functionEvents: {
        e1: { metadata: { name: 'e1', labels: { 'nuclio.io/function-name': 'good' } }, spec: {} },
        e2: { metadata: { name: 'e2', labels: { 'nuclio.io/function-name': 'bad' } }, spec: {} },
      },
    },
    status: 201,
    answer: {
      functionImportResult: { createdAmount: 1, failedAmount: 1, failedFunctions: [{ function: 'bad', error: expect.any(String) }] },
      functionEventImportResult: {
        createdAmount: 1,
        failedAmount: 1,
        failedFunctionEvents: [{ functionEvent: 'e2', error: 'Event belongs to function that failed import: bad' }],
      },
      apiGatewayImportResult: { createdAmount: 0, failedAmount: 0, failedAPIGateways: null },
    },
    after: {
      [at('new')]: { spec: { description: 'n' } },
      [`${kinds}/nucliofunctions/good`]: { metadata: { labels: { 'nuclio.io/project-name': 'new' } } },
      [`${kinds}/nucliofunctions/bad`]: undefined,
    },
  },
  { it: 'are not imported without a project', call: 'POST /api/projects?import=true', body: { functions: {} }, status: 400 },
]);

describe('the deprecated way to replace a project', () => {
  it('works without an id in the path, and says that it is deprecated', async () => {
    const dashboard = await startDashboard();
    await withProject(dashboard);
    const { status, headers } = await dashboard.call('PUT', '/api/projects', project('p'));
    expect([status, headers.get('deprecation'), headers.get('link')]).toEqual([204, 'true', expect.stringContaining('/api/projects/{id}')]);
    await dashboard.stop();
  });
});

describe('an exported project', () => {
  it('can be imported as it is', async () => {
    const dashboard = await startDashboard();
    await filled(dashboard);
    const { body } = await dashboard.call('GET', '/api/projects/p?export=true');
    await dashboard.call('DELETE', '/api/projects', project('p'), strategy('cascading'));
    const imported = await dashboard.call('POST', '/api/projects?import=true', body);
    expect(imported).toMatchObject({ status: 201, body: { functionImportResult: { createdAmount: 1, failedAmount: 0 } } });
    expect((await dashboard.call('GET', '/api/projects/p?export=true')).body.functions.f.spec).toEqual(body.functions.f.spec);
    await dashboard.stop();
  });
});

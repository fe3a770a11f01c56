import { kinds, spec, type TestDashboard } from './dashboard.ts';

/** Functions that tests begin with. */
export const at = (name: string) => `${kinds}/nucliofunctions/${name}`;
export const fn = (name: string, fields: object = spec, metadata: object = {}) => ({ metadata: { name, ...metadata }, spec: fields });
export const inProject = (name: string) => ({ 'x-nuclio-project-name': name });
export const withProject = (d: TestDashboard) => d.call('POST', '/api/projects', { metadata: { name: 'other' } });
export const building = (d: TestDashboard) => d.create('f');
export const ready = async (d: TestDashboard) => {
  await d.create('f', { ...spec, image: 'registry/f:1' });
  d.setState('f', 'ready', { internalInvocationUrls: ['f:8080'] });
};
export const twoProjects = async (d: TestDashboard) => {
  await withProject(d);
  await d.create('a');
  await d.create('b', spec, inProject('other'));
};
export const withGateway = async (d: TestDashboard) => {
  await ready(d);
  const upstreams = [{ kind: 'nucliofunction', nucliofunction: { name: 'f' } }];
  await d.call('POST', '/api/api_gateways', { metadata: { name: 'g' }, spec: { host: 'h', upstreams } });
};
export const withEvent = async (d: TestDashboard) => {
  await ready(d);
  await d.call('POST', '/api/function_events', { metadata: { name: 'e', labels: { 'nuclio.io/function-name': 'f' } }, spec: {} });
};

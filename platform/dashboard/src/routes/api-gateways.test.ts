import { expect } from 'vitest';
import { spec as functionSpec, kinds, type TestDashboard } from '../testing/dashboard.ts';
import { playRows, type Row } from '../testing/rows.ts';

const at = (name: string) => `${kinds}/nuclioapigateways/${name}`;
const INGRESS = '/apis/networking.k8s.io/v1/namespaces/nuclio/ingresses/other';
const to = (name: string, more: object = {}) => ({ kind: 'nucliofunction', nucliofunction: { name }, ...more });
const gateway = (fields: object = {}, metadata: object = {}) => ({
  metadata: { name: 'g', ...metadata },
  spec: { host: 'h.example', path: '/a', upstreams: [to('f')], ...fields },
});
const withGateway = (d: TestDashboard) => d.call('POST', '/api/api_gateways', gateway());
const inProject = (project: string) => ({ labels: { 'nuclio.io/project-name': project } });

/** Specs that are refused, and the text that says why. */
const refused: [sentence: string, fields: object, text: string][] = [
  ['no upstream', { upstreams: [] }, 'One or more upstreams must be provided in spec'],
  ['three upstreams', { upstreams: [to('a'), to('b'), to('c')] }, 'Received more than 2 upstreams. Currently not supported'],
  ['no host', { host: '' }, 'Host must be provided in spec'],
  ['a path that cannot be', { path: 'a b' }, 'Path "a b" is not valid'],
  ['another name in its spec', { name: 'x' }, 'Api gateway metadata.name must match api gateway spec.name'],
  [
    'an upstream of an unknown kind',
    { upstreams: [{ ...to('f'), kind: 'bad-kind' }] },
    "Unsupported upstream kind: 'bad-kind'. (Currently supporting only nucliofunction)",
  ],
  ['upstreams of different kinds', { upstreams: [to('f'), { ...to('g'), kind: 'k' }] }, 'All upstreams must be of the same kind'],
  ['an upstream without a function', { upstreams: [{ kind: 'nucliofunction' }] }, 'Each upstream must name a function'],
  [
    'basic authentication without a password',
    { authenticationMode: 'basicAuth' },
    'Username and password must be provided for basic authentication',
  ],
  [
    'tokens of nobody, and all that is wrong in them',
    { authenticationMode: 'jwt', authentication: { jwt: { claimHeaders: { a: 'Host' } } } },
    'spec.authentication.jwt.issuer must be given; spec.authentication.jwt must have either jwks or jwksUrl; spec.authentication.jwt.claimHeaders: "Host" must be X- and letters, digits and dashes, and no header of the platform or of proxies',
  ],
  [
    'client certificates of nobody',
    { authenticationMode: 'clientCertificate' },
    'spec.authentication.clientCertificate.ca must hold a certificate in PEM',
  ],
];

playRows('API gateways', [
  {
    it: 'are created, and wait to be provisioned',
    call: 'POST /api/api_gateways',
    body: gateway(),
    status: 201,
    answer: { metadata: { name: 'g' }, spec: { name: 'g', authenticationMode: 'none' }, status: { state: 'waitingForProvisioning' } },
    after: { [at('g')]: { kind: 'NuclioAPIGateway', metadata: inProject('default') } },
  },
  {
    it: 'can share traffic between two functions',
    call: 'POST /api/api_gateways',
    body: gateway({ upstreams: [to('f'), to('g', { percentage: 20 })] }),
    status: 201,
  },
  {
    it: 'can have access keys and a limit',
    call: 'POST /api/api_gateways',
    body: gateway({
      authenticationMode: 'accessKey',
      authentication: { accessKeys: [{ name: 'ann', sha256: '0'.repeat(64) }] },
      rateLimit: { requestsPerSecond: 5, per: 'caller' },
    }),
    status: 201,
    after: { [at('g')]: { spec: { authenticationMode: 'accessKey', rateLimit: { requestsPerSecond: 5 } } } },
  },
  {
    it: 'are refused with keys in the place of their hashes',
    call: 'POST /api/api_gateways',
    body: gateway({ authentication: { accessKeys: [{ name: 'ann', sha256: 'my key' }] } }),
    status: 400,
    answer: { error: expect.stringContaining('spec.authentication.accessKeys.0.sha256') },
  },
  { it: 'are not created twice', given: withGateway, call: 'POST /api/api_gateways', body: gateway({ host: 'i' }), status: 409 },
  ...refused.map(
    ([sentence, fields, error]): Row => ({
      it: `are refused with ${sentence}`,
      call: 'POST /api/api_gateways',
      body: gateway(fields),
      status: 400,
      answer: { error },
    }),
  ),
  {
    it: 'cannot have a name of the platform',
    call: 'POST /api/api_gateways',
    body: gateway({}, { name: 'dashboard' }),
    status: 412,
    answer: { error: 'Api gateway name dashboard is reserved and cannot be used.' },
  },
  {
    it: 'need their project',
    call: 'POST /api/api_gateways',
    body: gateway(),
    headers: { 'x-nuclio-project-name': 'none' },
    status: 412,
    answer: { error: 'Project does not exist' },
  },
  {
    it: 'are refused where another ingress has host and path',
    given: ({ api }) =>
      api.put(INGRESS, { spec: { rules: [{ host: 'h.example', http: { paths: [{ path: '/a/', pathType: 'Prefix' }] } }] } }),
    call: 'POST /api/api_gateways',
    body: gateway(),
    status: 412,
    answer: { error: 'Ingress host and path are already in use' },
  },
  {
    it: 'are refused where another gateway has host and path',
    given: withGateway,
    call: 'POST /api/api_gateways',
    body: gateway({}, { name: 'h' }),
    status: 412,
  },
  {
    it: 'are refused where another ingress has host and path, and writes them in another way',
    given: ({ api }) =>
      api.put(INGRESS, { spec: { rules: [{ host: 'H.Example', http: { paths: [{ path: '//a/./', pathType: 'Prefix' }] } }] } }),
    call: 'POST /api/api_gateways',
    body: gateway(),
    status: 412,
  },
  {
    it: 'are refused where another gateway has host and path, and writes them in another way',
    given: withGateway,
    call: 'POST /api/api_gateways',
    body: gateway({ host: 'H.EXAMPLE', path: '/a/' }, { name: 'h' }),
    status: 412,
    answer: { error: 'Ingress host and path are already in use' },
  },
  {
    it: 'are refused without their functions, when the caller wants that looked at',
    call: 'POST /api/api_gateways',
    body: gateway(),
    headers: { 'x-nuclio-agw-validate-functions-existence': 'true' },
    status: 404,
    answer: { error: 'Function f does not exist' },
  },
  {
    it: 'are created with their functions, when the caller wants that looked at',
    given: (d) => d.create('f', functionSpec),
    call: 'POST /api/api_gateways',
    body: gateway(),
    headers: { 'x-nuclio-agw-validate-functions-existence': 'true' },
    status: 201,
  },
  { it: 'are listed by their names', given: withGateway, call: 'GET /api/api_gateways', status: 200, names: ['g'] },
  {
    it: 'are filtered by project',
    given: withGateway,
    call: 'GET /api/api_gateways',
    headers: { 'x-nuclio-project-name': 'p' },
    status: 200,
    names: [],
  },
  {
    it: 'are filtered by the function that they lead to',
    given: async (d) => {
      await withGateway(d);
      await d.call('POST', '/api/api_gateways', gateway({ host: 'i', upstreams: [to('x')] }, { name: 'h' }));
    },
    call: 'GET /api/api_gateways',
    headers: { 'x-nuclio-function-name': 'x' },
    status: 200,
    names: ['h'],
  },
  { it: 'are given one at a time', given: withGateway, call: 'GET /api/api_gateways/g', status: 200, answer: { spec: { path: '/a' } } },
  { it: 'are not found where there is none', call: 'GET /api/api_gateways/g', status: 404 },
  {
    it: 'are exported without what only this cluster knows',
    given: withGateway,
    call: 'GET /api/api_gateways/g?export=true',
    status: 200,
    answer: { metadata: { name: 'g', ...inProject('default') } },
    names: ['metadata', 'spec'],
  },
  {
    it: 'are replaced, and wait to be provisioned again',
    given: withGateway,
    call: 'PUT /api/api_gateways/g',
    body: gateway({ path: '/b' }),
    status: 204,
    after: { [at('g')]: { spec: { path: '/b' }, status: { state: 'waitingForProvisioning' } } },
  },
  { it: 'are not replaced under another name', given: withGateway, call: 'PUT /api/api_gateways/h', body: gateway(), status: 400 },
  { it: 'are not replaced where there is none', call: 'PUT /api/api_gateways/g', body: gateway(), status: 404 },
  {
    it: 'stay in their project',
    given: async (d) => {
      await withGateway(d);
      await d.call('POST', '/api/projects', { metadata: { name: 'p' } });
    },
    call: 'PUT /api/api_gateways/g',
    body: gateway({}, inProject('p')),
    status: 400,
    answer: { error: expect.stringContaining('project') },
  },
  {
    it: 'are removed',
    given: withGateway,
    call: 'DELETE /api/api_gateways',
    body: { metadata: { name: 'g' } },
    status: 204,
    after: { [at('g')]: undefined },
  },
  { it: 'are not removed without a name', call: 'DELETE /api/api_gateways', body: {}, status: 400 },
]);

import { describe, expect, it } from 'vitest';
import { apiGatewaySchema, enrichApiGateway, upstreamFunctionsOf, validateApiGateway } from './api-gateway.ts';

const to = (name: string) => ({ kind: 'nucliofunction', nucliofunction: { name } });
const make = (spec: object, name = 'g') => enrichApiGateway(apiGatewaySchema.parse({ metadata: { name }, spec }));

describe('an API gateway', () => {
  it('gets its name and its mode of authentication, and keeps fields that are not known', () => {
    expect(make({ host: 'h', upstreams: [to('f')], future: 1 }).spec).toMatchObject({ name: 'g', authenticationMode: 'none', future: 1 });
  });

  it('names the functions that it leads to', () => {
    expect(upstreamFunctionsOf(make({ upstreams: [to('a'), to('b')] }).spec)).toEqual(['a', 'b']);
    expect(upstreamFunctionsOf({})).toEqual([]);
  });

  it('is told all mistakes at once', () => {
    expect(() => validateApiGateway(make({}))).toThrow('Host must be provided in spec; One or more upstreams must be provided in spec');
  });

  it('passes with a path, two upstreams and a user', () => {
    const authentication = { basicAuth: { username: 'u', password: 'p' } };
    const spec = { host: 'h', path: '/a/b-c', upstreams: [to('a'), to('b')], authenticationMode: 'basicAuth', authentication };
    expect(() => validateApiGateway(make(spec))).not.toThrow();
  });

  it('cannot have a host by which aliases are called inside of the cluster', () => {
    expect(() => validateApiGateway(make({ host: 'Nuclio-Alias-a.nuclio.svc', upstreams: [to('a')] }))).toThrow(
      /kept for calls inside of the cluster/,
    );
    expect(() => validateApiGateway(make({ host: 'nuclio.example', upstreams: [to('a')] }))).not.toThrow();
  });

  it.each(['/a%20b', '/a//b', '//', '/a/./b', '/..', '/a b', '/{env.HOME}'])('cannot have the path %j', (path) => {
    expect(() => validateApiGateway(make({ host: 'h', path, upstreams: [to('a')] }))).toThrow(/^Path /);
  });

  it.each(['/', '/a/', '/a..b/.c', '/straße'])('can have the path %j', (path) => {
    expect(() => validateApiGateway(make({ host: 'h', path, upstreams: [to('a')] }))).not.toThrow();
  });

  it.each(['', 'A', 'a.b', 'a'.repeat(64)])('cannot be named %j', (name) => {
    expect(() => make({}, name)).toThrow();
  });
});

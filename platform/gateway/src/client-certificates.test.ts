import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caddyConfigOf } from './caddy-config.ts';
import { type ApiGateways, startApiGateways } from './testing/api-gateways.ts';
import { BUILD_LIMIT_MS } from './testing/caddy.ts';
import { newAuthority } from './testing/certificates.ts';

type Authority = Awaited<ReturnType<typeof newAuthority>>;
type Shown = Awaited<ReturnType<Authority['sign']>>;

describe('API gateways with client certificates', () => {
  let gateways: ApiGateways;
  let [ours, theirs]: Authority[] = [];
  let ann: Shown;
  let eve: Shown;

  beforeAll(async () => {
    gateways = await startApiGateways();
    [ours, theirs] = await Promise.all([newAuthority(), newAuthority()]);
    [ann, eve] = await Promise.all([ours.sign({ commonName: 'ann' }), theirs.sign({ commonName: 'eve' })]);
    const spec = (ca: string) => ({ authenticationMode: 'clientCertificate', authentication: { clientCertificate: { ca } } });
    await gateways.serve({ g: spec(ours.ca), other: spec(theirs.ca), both: spec(`${ours.ca}\n${theirs.ca}`), open: {} });
  }, BUILD_LIMIT_MS);
  afterAll(async () => {
    await gateways.stop();
    await Promise.all([ours?.stop(), theirs?.stop()]);
  });

  it('let in who shows a certificate of their authorities, and tell the function the name in it', async () => {
    const spoofed = { 'x-ampoule-caller': 'root', connection: 'x-ampoule-caller' };
    const { status, seen } = await gateways.call('g', { tls: ann, headers: spoofed });
    expect({ status, caller: seen['x-ampoule-caller'] }).toEqual({ status: 200, caller: 'ann' });
    for (const [tls, caller] of [[ann, 'ann'] as const, [eve, 'eve'] as const]) {
      expect((await gateways.call('both', { tls })).seen['x-ampoule-caller']).toBe(caller);
    }
  });

  it('refuse who shows none, or one of another authority', async () => {
    const refused = { status: 401, headers: { 'content-type': 'application/json' }, body: '{"error":"Unauthorized"}' };
    expect(await gateways.call('g', { headers: { 'x-ampoule-caller': 'ann' } })).toMatchObject(refused);
    expect(await gateways.call('g', { tls: eve })).toMatchObject(refused);
    expect(await gateways.call('other', { tls: ann })).toMatchObject(refused);
  });

  it.each([
    ['has expired', { isExpired: true }],
    ['is for servers alone', { usage: 'serverAuth' }],
    ['names nobody', { commonName: '' }],
  ])('refuse a certificate that %s', async (_what, options) => {
    const tls = await (ours as Authority).sign(options);
    expect((await gateways.call('g', { tls })).status).toBe(401);
  });

  it('refuse a certificate that a caller signed by their own', async () => {
    const middle = await (ours as Authority).sign({ commonName: 'middle' });
    expect((await gateways.call('g', { tls: { ...eve, cert: `${eve.cert}\n${middle.cert}\n${(theirs as Authority).ca}` } })).status).toBe(
      401,
    );
  });

  it('are not got past by the name of another host in the handshake', async () => {
    for (const servername of ['open.example', 'other.example', 'nobody.example', '']) {
      expect((await gateways.call('g', { tls: { servername } })).status).toBe(401);
      expect((await gateways.call('g', { tls: { ...eve, servername } })).status).toBe(401);
    }
    expect((await gateways.call('g', { tls: { ...ann, servername: 'both.example' } })).status).toBe(200);
  });

  it('are not got past in a session that began at a host which wants no certificate', async () => {
    const options = { host: '127.0.0.1', port: gateways.caddy.settings.httpsPort, rejectUnauthorized: false };
    const first = connect({ ...options, servername: 'open.example' });
    const [session] = await once(first.resume(), 'session');
    first.destroy();
    for (const servername of ['open.example', 'g.example']) {
      const second = connect({ ...options, servername, session });
      second.end('GET / HTTP/1.1\r\nHost: g.example\r\nConnection: close\r\n\r\n');
      expect(await text(second)).toMatch(/^HTTP\/1\.1 401 /);
    }
  });

  it('send requests of HTTP/2 that come over the connection of another host back, for the client to open one of its own', async () => {
    const statusOver = async (servername: string) => {
      const target = `https://127.0.0.1:${gateways.caddy.settings.httpsPort}`;
      const session = connectHttp2(target, { servername, rejectUnauthorized: false });
      const request = session.request({ ':authority': 'g.example' }).end();
      const [headers] = await once(request, 'response');
      session.destroy();
      return headers[':status'];
    };
    expect([await statusOver('open.example'), await statusOver('G.example')]).toEqual([421, 401]);
  });

  it('let hosts that want no certificate be called under any name in the handshake', async () => {
    for (const servername of ['g.example', 'nobody.example', '']) {
      expect((await gateways.call('open', { tls: { servername } })).status).toBe(200);
    }
  });
});

describe("Caddy's configuration for client certificates", () => {
  it('has another name when other hosts want them, and none of them where no host does', () => {
    const input = { certificateHash: 'c', tlsFolder: '/tls', socket: '/s', httpPort: 80, httpsPort: 443 };
    const [none, one, two] = [[], ['a.example'], ['a.example', '*.b.example']].map((clientCertificateHosts) =>
      caddyConfigOf({ ...input, clientCertificateHosts }),
    );
    expect(new Set([none?.id, one?.id, two?.id]).size).toBe(3);
    expect(none?.json).not.toContain('client_authentication');
    expect(two?.json).toContain('"match":{"sni":["a.example","*.b.example"]},"client_authentication":{"mode":"request"}');
  });
});

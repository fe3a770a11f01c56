import { gzipSync } from 'node:zlib';
import { digestOf } from '@ampoule/lib/oci/digest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from '../testing/dashboard.ts';

const archive = gzipSync('files of a function');
const digest = digestOf(archive);

describe('source code that is sent before its function', () => {
  let dashboard: TestDashboard;

  beforeEach(async () => {
    dashboard = await startDashboard();
  });
  afterEach(() => dashboard.stop());

  async function send(body: Buffer, { path = digest, token = 'right', ...headers }: Record<string, string> = {}) {
    const response = await fetch(`${dashboard.origin}/api/function_sources/${path}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/gzip', ...headers },
      body: new Uint8Array(body),
    });
    return { status: response.status, body: await response.json() };
  }

  it('is kept in the registry, by a manifest that keeps it from being garbage', async () => {
    expect(await send(archive)).toEqual({ status: 201, body: { path: `registry:${digest}` } });

    const { blobs, manifests } = dashboard.registry;
    expect(blobs.get(`ampoule.internal/sources/nuclio@${digest}`)).toEqual(archive);
    const manifest = JSON.parse(String(manifests.get(`ampoule.internal/sources/nuclio:${digest.replace(':', '-')}`)));
    expect(manifest).toMatchObject({ layers: [{ digest, size: archive.length }] });
    expect(blobs.has(`ampoule.internal/sources/nuclio@${manifest.config.digest}`)).toBe(true);
  });

  it('can be sent again, and for each namespace', async () => {
    await send(archive);
    expect(await send(archive)).toMatchObject({ status: 201 });
    expect(await send(archive, { 'x-nuclio-function-namespace': 'other' })).toMatchObject({ status: 201 });
    expect(dashboard.registry.blobs.has(`ampoule.internal/sources/other@${digest}`)).toBe(true);
  });

  it.each<[what: string, body: Buffer, options: Record<string, string>, status: number]>([
    ['with other bytes than its digest says', Buffer.from('other'), {}, 400],
    ['under what is no digest', archive, { path: 'sha256:1' }, 400],
    ['for what is no namespace', archive, { 'x-nuclio-function-namespace': '../other' }, 400],
    ['without bytes', Buffer.alloc(0), {}, 400],
    ['that is too large', Buffer.alloc((64 << 20) + 1), {}, 400],
    ['without the token', archive, { token: 'wrong' }, 401],
  ])('is not kept %s', async (_what, body, options, status) => {
    const answer = await send(body, options);
    expect(answer).toEqual({ status, body: { error: expect.any(String), errorStackTrace: '' } });
    expect([...dashboard.registry.manifests.keys(), ...dashboard.registry.blobs.keys()]).toEqual([]);
  });
});

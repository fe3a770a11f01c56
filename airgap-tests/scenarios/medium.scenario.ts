import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { splitBundle } from '@ampoule/bundle/parts/split';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Lab, openLab, type SealedHost } from '../src/lab/lab.ts';

const PARTS = '/media/parts';
const PART_BYTES = 80_000_000;
const TIMEOUT_MS = 120_000;

// One host; each test goes on where the one before it ended.
describe('a bundle that comes in parts, on a host that has nothing but them', () => {
  const file = inject('bundleFile');
  const name = basename(file, '.tar');
  let lab: Lab;
  let host: SealedHost;

  beforeAll(async () => {
    const parts = await mkdtemp(join(tmpdir(), 'ampoule-medium-'));
    try {
      await splitBundle({ file, partBytes: PART_BYTES, outputDirectory: parts });
      expect((await readdir(parts)).length).toBeGreaterThan(3);
      lab = await openLab();
      host = await lab.createHost({ name: 'medium' });
      await host.boot();
      await host.copyIn(parts, PARTS);
    } finally {
      await rm(parts, { recursive: true });
    }
  });
  afterAll(() => lab?.close());

  const merge = () => host.exec('sh', [`${PARTS}/${name}.tar.merge.sh`, '/root'], { timeoutMs: TIMEOUT_MS });

  it('names the part that is not there, and makes no bundle', async () => {
    const part = `${PARTS}/${name}.tar.part-002`;
    await host.mustExec('mv', [part, '/root/part']);
    const { code, stderr } = await merge();
    await host.mustExec('mv', ['/root/part', part]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(`AMP_PART_MISSING: ${name}.tar.part-002`);
    expect((await host.exec('ls', ['/root'])).stdout).toBe('');
  });

  it('is joined by the script beside the parts', async () => {
    const { code, stdout, stderr } = await merge();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`/root/${name}.tar`);
    await host.mustExec('mkdir', ['/media/bundle']);
    await host.mustExec('tar', ['-xf', `/root/${name}.tar`, '-C', '/media/bundle', '--strip-components=1'], { timeoutMs: TIMEOUT_MS });
    await host.mustExec('rm', [`/root/${name}.tar`]);
  });

  it('starts from a read-only medium, twice at once', async () => {
    await host.mustExec('mount', ['--bind', '/media/bundle', '/media/bundle']);
    await host.mustExec('mount', ['-o', 'remount,bind,ro', '/media/bundle']);
    const launch = (...args: string[]) => host.exec('/media/bundle/ampoule', args, { timeoutMs: TIMEOUT_MS });
    const [verify, preflight] = await Promise.all([launch('bundle', 'verify', '/media/bundle'), launch('preflight')]);
    expect(verify).toMatchObject({ code: 0, stderr: '' });
    expect(preflight).toMatchObject({ code: 0, stderr: '' });
    expect((await host.exec('ls', ['-A', '/root/.cache/ampoule'])).stdout).toMatch(/^\.runtime-\w+\n$/);
  });

  it('is not installed while nobody has confirmed its key, and changes nothing', async () => {
    const { code, stderr } = await host.exec('/media/bundle/ampoule', ['install'], { timeoutMs: TIMEOUT_MS });
    expect(code).toBe(1);
    expect(stderr).toContain('AMP_INSTALL_UNCONFIRMED');
    for (const path of ['/var/lib/ampoule', '/etc/ampoule', '/opt/ampoule']) expect((await host.exec('test', ['-e', path])).code).toBe(1);
  });
});

import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryExec } from '@ampoule/lib/exec';
import { afterAll, describe, expect, it } from 'vitest';
import { createBundle } from './create.ts';
import { Bundle } from './layout.ts';
import { temporaryFolder } from './testing/temporary.ts';
import { tinyOptions, writeTinyRepository } from './testing/tiny-repository.ts';

const shared = await temporaryFolder({ atEnd: afterAll });
await writeTinyRepository(join(shared, 'repository'));
await mkdir(join(shared, 'dist'));
const staged = await createBundle(await tinyOptions(join(shared, 'repository'), join(shared, 'dist')));
const host = await (await Bundle.open(staged.folder)).image('ampoule.internal/host:1.2.3');
const digests = host.manifest.layers.map(({ digest }) => digest.slice('sha256:'.length));

/** The bundle as it lies on a host, in a folder whose name has a space. */
async function unpacked(): Promise<string> {
  const folder = join(await temporaryFolder(), 'from medium');
  await cp(staged.folder, folder, { recursive: true });
  return folder;
}

async function runtimesOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('.runtime'));
}

it("starts the installer with the bundle's own loader, libraries and Node.js, and hands on every argument", async () => {
  const folder = await unpacked();
  const { code, stdout } = await tryExec(join(folder, 'ampoule'), ['install', '--config', 'my answers.yaml', '']);
  const [name = ''] = await runtimesOf(folder);
  const runtime = join(folder, name);
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual([
    `bundle ${folder}`,
    '--library-path',
    `${runtime}/lib/x86_64-linux-gnu:${runtime}/usr/lib/x86_64-linux-gnu`,
    `${runtime}/usr/local/bin/node`,
    `${runtime}/lib/ampoule/ampoule.mjs`,
    'install',
    '--config',
    'my answers.yaml',
    '',
    '',
  ]);
  expect(await readFile(join(runtime, 'lib/ampoule/ampoule.mjs'), 'utf8')).toContain('installer');
});

it('unpacks the first time alone', async () => {
  const folder = await unpacked();
  await tryExec('./ampoule', [], { cwd: folder });
  await rm(join(folder, 'blobs'), { recursive: true });
  expect((await tryExec('./ampoule', [], { cwd: folder })).code).toBe(0);
});

it('begins anew where an earlier start was killed', async () => {
  const folder = await unpacked();
  await tryExec('./ampoule', [], { cwd: folder });
  const [name = ''] = await runtimesOf(folder);
  await rm(join(folder, name), { recursive: true });
  const { stdout: ended } = await tryExec('sh', ['-c', 'echo $$']);
  await mkdir(join(folder, `${name}.${ended.trim()}/lib64`), { recursive: true });
  await symlink('/nowhere', join(folder, `${name}.${ended.trim()}/lib64/ld-linux-x86-64.so.2`));
  expect((await tryExec('./ampoule', [], { cwd: folder })).code).toBe(0);
  expect(await runtimesOf(folder)).toEqual([name]);
});

it('starts many times at once, before anything is unpacked', async () => {
  const folder = await unpacked();
  const starts = await Promise.all(Array.from({ length: 8 }, () => tryExec('./ampoule', ['status'], { cwd: folder })));
  for (const { code, stdout, stderr } of starts) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('ampoule.mjs\nstatus\n');
  }
  expect(await runtimesOf(folder)).toEqual([expect.stringMatching(/^\.runtime-\w+$/)]);
});

it('leaves the folder of a start that is still unpacking alone', async () => {
  const folder = await unpacked();
  await tryExec('./ampoule', [], { cwd: folder });
  const [name = ''] = await runtimesOf(folder);
  await rm(join(folder, name), { recursive: true });
  const other = `${name}.${process.pid}`;
  await mkdir(join(folder, other));
  expect((await tryExec('./ampoule', [], { cwd: folder })).code).toBe(0);
  expect((await runtimesOf(folder)).sort()).toEqual([name, other]);
});

describe('on a medium that is read-only', () => {
  /** Runs a script with the bundle mounted read-only or so, which stops root too; `$HOME` is an empty folder. */
  async function onMedium(script: string, option = 'ro') {
    const [folder, home] = [await unpacked(), await temporaryFolder()];
    const mount = `mount --bind "$BUNDLE" "$BUNDLE"; mount -o remount,bind,${option} "$BUNDLE";`;
    const env = { BUNDLE: folder, HOME: home, XDG_CACHE_HOME: undefined };
    const result = await tryExec('unshare', ['--mount', 'sh', '-c', `set -e; ${mount} ${script}`], { env });
    return { ...result, folder, home };
  }

  it('unpacks into the cache of whoever starts it, who alone may enter there, and finds that again', async () => {
    const { code, stdout, stderr, folder, home } = await onMedium('"$BUNDLE/ampoule" preflight; "$BUNDLE/ampoule" install');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const cache = join(home, '.cache/ampoule');
    const names = await readdir(cache);
    expect(names).toHaveLength(1);
    expect(stdout.match(/^.*ampoule\.mjs\n\w+$/gm)).toEqual(
      ['preflight', 'install'].map((command) => `${join(cache, names[0] ?? '')}/lib/ampoule/ampoule.mjs\n${command}`),
    );
    expect((await stat(cache)).mode & 0o777).toBe(0o700);
    expect(await runtimesOf(folder)).toEqual([]);
  });

  it('does the same where nothing may run from the medium, started by a shell', async () => {
    const { code, stdout, folder, home } = await onMedium('sh "$BUNDLE/ampoule" preflight', 'noexec');
    expect(code).toBe(0);
    expect(stdout).toContain(`${join(home, '.cache/ampoule')}/.runtime-`);
    expect(await runtimesOf(folder)).toEqual([]);
  });

  it('says so where there is no other place either', async () => {
    const { code, stdout, stderr } = await onMedium('export XDG_CACHE_HOME="$BUNDLE/no"; "$BUNDLE/ampoule" preflight');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^ampoule: AMP_BUNDLE_READ_ONLY: .*XDG_CACHE_HOME/);
  });
});

it.each(digests)('refuses the corrupt blob %s by name, and starts nothing', async (digest) => {
  const folder = await unpacked();
  await writeFile(join(folder, 'blobs/sha256', digest), 'spoilt');
  const { code, stdout, stderr } = await tryExec(join(folder, 'ampoule'), ['install']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(`AMP_BUNDLE_FILE_CORRUPT: blobs/sha256/${digest}`);
  expect(await runtimesOf(folder)).toEqual([]);
});

it.each(digests)('names the missing blob %s', async (digest) => {
  const folder = await unpacked();
  await rm(join(folder, 'blobs/sha256', digest));
  const { code, stderr } = await tryExec(join(folder, 'ampoule'), []);
  expect(code).toBe(1);
  expect(stderr).toContain(`AMP_BUNDLE_FILE_MISSING: blobs/sha256/${digest}`);
});

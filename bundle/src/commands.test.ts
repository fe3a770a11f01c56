import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import type { Printer } from '@ampoule/lib/print';
import { afterAll, expect, it } from 'vitest';
import { bundleCommand } from './commands.ts';
import { createBundle } from './create.ts';
import { temporaryFolder } from './testing/temporary.ts';
import { tinyOptions, writeTinyRepository } from './testing/tiny-repository.ts';

const shared = await temporaryFolder({ atEnd: afterAll });
await writeTinyRepository(join(shared, 'repository'));
await mkdir(join(shared, 'dist'));
const staged = await createBundle(await tinyOptions(join(shared, 'repository'), join(shared, 'dist')));

/** Runs `ampoule bundle …` and gives what it printed. */
async function run(...args: string[]): Promise<{ lines: string; results: unknown[] }> {
  const lines: string[] = [];
  const results: unknown[] = [];
  const printer: Printer = {
    line: (text) => lines.push(text),
    result: (value) => results.push(JSON.parse(JSON.stringify(value))),
    error: (error) => expect.unreachable(String(error)),
  };
  await bundleCommand(() => printer).parseAsync(args, { from: 'user' });
  return { lines: lines.join('\n'), results };
}

it('inspect shows what a bundle is and each image', async () => {
  const { lines, results } = await run('inspect', staged.folder);
  expect(lines).toMatch(/^tiny 1\.2\.3 for amd64, made 2026-01-02T03:04:05\.000Z, \d+ kB$/m);
  expect(lines).toMatch(/^ {2}ampoule\.internal\/app:1\.2\.3 {2}sha256:[0-9a-f]{64}$/m);
  expect(results).toMatchObject([{ name: 'tiny', version: '1.2.3', images: [{}, {}], bytes: expect.any(Number) }]);
});

it('inspect says that it has verified nothing, also to a script', async () => {
  const { lines, results } = await run('inspect', staged.folder);
  expect(lines).toMatch(/^Nothing of this is verified yet/m);
  expect(lines).toContain(`ampoule bundle verify ${staged.folder}`);
  expect(results).toMatchObject([{ verified: false }]);
});

it('verify tells how much it has checked and who signed', async () => {
  const { lines, results } = await run('verify', staged.folder);
  expect(lines).toContain(staged.fingerprint);
  expect(results).toEqual([{ fingerprint: staged.fingerprint, files: expect.any(Number), bytes: expect.any(Number) }]);
});

it('verify trusts the key that it is given instead of the one beside the bundle', async () => {
  const folder = await temporaryFolder();
  const ours = join(staged.folder, 'bundle.pub');
  expect((await run('verify', staged.folder, '--public-key', ours)).results).toHaveLength(1);
  await run('keygen', '--private-key', join(folder, 'k'), '--public-key', join(folder, 'k.pub'));
  await expect(run('verify', staged.folder, '--public-key', join(folder, 'k.pub'))).rejects.toMatchObject({ code: 'AMP_BUNDLE_SIGNATURE' });
});

it('keygen makes a pair, tells its fingerprint, and never overwrites one', async () => {
  const folder = await temporaryFolder();
  const [privateKey, publicKey] = [join(folder, 'k'), join(folder, 'k.pub')];
  const { lines, results } = await run('keygen', '--private-key', privateKey, '--public-key', publicKey);
  expect(results).toEqual([{ privateKey, publicKey, fingerprint: expect.stringMatching(/^SHA256:/) }]);
  expect(lines).toContain('Fingerprint');
  expect((await stat(privateKey)).mode & 0o777).toBe(0o600);
  const before = await readFile(privateKey, 'utf8');
  await expect(run('keygen', '--private-key', privateKey, '--public-key', publicKey)).rejects.toMatchObject({
    code: 'AMP_BUNDLE_KEY_EXISTS',
  });
  expect(await readFile(privateKey, 'utf8')).toBe(before);
});

it('split cuts a bundle and merge joins it to the same bytes', async () => {
  const folder = await temporaryFolder();
  const split = await run('split', staged.file, '--size', '9kB', '--output', folder);
  const partsFile = join(folder, 'tiny-1.2.3-amd64.tar.parts.json');
  expect(split.results).toMatchObject([
    { partsFile, size: staged.bytes, parts: Array.from({ length: Math.ceil(staged.bytes / 9000) }, () => ({})) },
  ]);
  const output = join(folder, 'merged.tar');
  expect((await run('merge', partsFile, '--output', output)).results).toMatchObject([{ size: staged.bytes }]);
  expect(await digestOfFile(output)).toBe(await digestOfFile(staged.file));
});

it('split writes beside the bundle by default, and merge names a part that is missing', async () => {
  const { lines } = await run('split', staged.file, '--size', '9kB');
  expect(lines).toContain(`${staged.file}.parts.json`);
  await rm(`${staged.file}.part-002`);
  await expect(run('merge', `${staged.file}.parts.json`, '--output', join(shared, 'merged.tar'))).rejects.toMatchObject({
    code: 'AMP_PART_MISSING',
    why: 'tiny-1.2.3-amd64.tar.part-002',
  });
});

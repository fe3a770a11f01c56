import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryExec } from '@ampoule/lib/exec';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary.ts';
import { splitBundle } from './split.ts';

const content = randomBytes(250_000);

/** A medium with five parts of a bundle, and its script, which a person runs from elsewhere. */
async function medium(name = 'my $(touch bad) bundle.tar') {
  const folder = await temporaryFolder();
  await writeFile(join(folder, name), content);
  const media = join(folder, 'media');
  const { script, parts } = await splitBundle({ file: join(folder, name), partBytes: 60_000, outputDirectory: media });
  await rm(join(folder, name));
  const part = (n: number) => join(media, parts[n - 1]?.name ?? '');
  const run = (...args: string[]) => tryExec('sh', [script, ...args], { cwd: folder });
  return { folder, media, name, part, run };
}

it('joins the parts beside it into the bundle, whatever its name', async () => {
  const { folder, media, name, run } = await medium();
  const { code, stdout } = await run();
  expect({ code, stdout }).toEqual({ code: 0, stdout: `Joined 250000 bytes into ${join(media, name)}\n` });
  expect((await readFile(join(media, name))).equals(content)).toBe(true);
  expect(await readdir(folder)).toEqual(['media']);
});

it('joins them into another folder, as when the medium is read-only', async () => {
  const { folder, media, name, run } = await medium();
  const before = await readdir(media);
  await mkdir(join(folder, 'disk'));
  expect((await run('disk')).code).toBe(0);
  expect((await readFile(join(folder, 'disk', name))).equals(content)).toBe(true);
  expect(await readdir(media)).toEqual(before);
});

it('names every part that is missing, cut short or damaged at once, and writes nothing', async () => {
  const { media, part, run } = await medium('a.tar');
  await rm(part(1));
  await truncate(part(3), 59_999);
  const bytes = await readFile(part(4));
  bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
  await writeFile(part(4), bytes);
  const { code, stderr } = await run();
  expect(code).toBe(1);
  expect(stderr.match(/AMP_PART_\w+: a\.tar\.part-\d+/g)).toEqual([
    'AMP_PART_MISSING: a.tar.part-001',
    'AMP_PART_TRUNCATED: a.tar.part-003',
    'AMP_PART_CORRUPT: a.tar.part-004',
  ]);
  expect(await readdir(media)).not.toContain('a.tar');
});

it('leaves nothing half where the disk becomes full', async () => {
  const { folder, run } = await medium('a.tar');
  await mkdir(join(folder, 'disk'));
  const full = await tryExec(
    'unshare',
    [...['--mount', 'sh', '-c', 'mount -t tmpfs -o size=100k tmpfs disk; sh media/a.tar.merge.sh disk; echo "code $?"; ls disk']],
    { cwd: folder },
  );
  expect(full.stdout).toMatch(/^code [1-9]\n$/);
  expect((await run('disk')).code).toBe(0);
});

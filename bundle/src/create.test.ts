import { appendFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import { afterAll, expect, it } from 'vitest';
import { createBundle } from './create.ts';
import { Bundle, layout } from './layout.ts';
import { writeKeyPair } from './signing/key-files.ts';
import { generateKeyPair } from './signing/keys.ts';
import { temporaryFolder, writeTree } from './testing/temporary.ts';
import { tinyOptions, writeTinyRepository } from './testing/tiny-repository.ts';
import { verifyBundle } from './verify.ts';

const shared = await temporaryFolder({ atEnd: afterAll });
const repository = join(shared, 'repository');
await writeTinyRepository(repository);
await mkdir(join(shared, 'first'));
const options = await tinyOptions(repository, join(shared, 'first'));
const staged = await createBundle(options);
const { manifest } = await Bundle.open(staged.folder);

/** A copy of the bundle that a test may spoil. */
async function copyOfBundle(): Promise<Bundle> {
  const folder = join(await temporaryFolder(), 'bundle');
  await cp(staged.folder, folder, { recursive: true });
  return Bundle.open(folder);
}

/** The outcome of making a bundle of a repository with some files replaced. */
async function createWith(changes: Record<string, string>): Promise<unknown> {
  const folder = await temporaryFolder();
  await writeTinyRepository(join(folder, 'repository'), changes);
  return createBundle(await tinyOptions(join(folder, 'repository'), folder));
}

it('makes a bundle that its own key verifies', async () => {
  const verified = await verifyBundle(await Bundle.open(staged.folder));
  expect(verified).toEqual({
    fingerprint: staged.fingerprint,
    files: manifest.files.length,
    bytes: manifest.files.reduce((sum, { size }) => sum + size, 0),
  });
});

it('tells verification by bytes as they are read, up to all of them', async () => {
  const seen: [number, number][] = [];
  const { bytes } = await verifyBundle(await Bundle.open(staged.folder), { onProgress: (done, total) => seen.push([done, total]) });
  expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).sort((a, b) => a - b));
  expect(seen.length).toBeGreaterThan(1);
  expect(seen.at(-1)).toEqual([bytes, bytes]);
});

it('lists every file but the manifest, its signature and the key', async () => {
  const found = (await readdir(staged.folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = found.map((entry) => join(entry.parentPath, entry.name).slice(staged.folder.length + 1));
  const own: string[] = [layout.manifest, layout.signature, layout.publicKey];
  expect(manifest.files.map(({ path }) => path)).toEqual(paths.filter((path) => !own.includes(path)).sort());
});

it('holds each image with its layers, configuration and manifests', async () => {
  const bundle = await Bundle.open(staged.folder);
  expect(manifest).toMatchObject({ name: 'tiny', version: '1.2.3', architecture: 'amd64', host: 'ampoule.internal/host:1.2.3' });
  expect(manifest.images.map(({ name }) => name)).toEqual(['ampoule.internal/app:1.2.3', 'ampoule.internal/host:1.2.3']);
  for (const { name } of manifest.images) {
    const image = await bundle.image(name);
    const config = await bundle.imageConfig(image.manifest);
    expect(config.rootfs.diff_ids).toHaveLength(image.manifest.layers.length);
    for (const layer of image.manifest.layers) expect(await digestOfFile(bundle.blobPath(layer.digest))).toBe(layer.digest);
  }
  expect((await bundle.manifestTexts('app')).map(({ name }) => name)).toEqual(['manifests/app/10-app.yaml', 'manifests/app/20-empty.yaml']);
});

it('gives the same bytes for the same inputs: from the cache, from nothing, and onto another disk', async () => {
  const again = { ...options, outputFolder: join(shared, 'again') };
  const cached = await createBundle(again);
  expect(await digestOfFile(cached.file)).toBe(await digestOfFile(staged.file));
  await rm(join(repository, '.cache'), { recursive: true });
  const fresh = await createBundle({ ...again, outputFolder: await temporaryFolder({ on: '/dev/shm' }) });
  expect(await digestOfFile(join(fresh.folder, layout.manifest))).toBe(await digestOfFile(join(staged.folder, layout.manifest)));
  expect(await digestOfFile(fresh.file)).toBe(await digestOfFile(staged.file));
});

const blob = (await Bundle.open(staged.folder)).blobPath(manifest.images[0]?.digest ?? '').slice(staged.folder.length + 1);
const foreign = await generateKeyPair();

it.each<[string, string, string, (file: string, folder: string) => Promise<unknown>]>([
  ['a flipped byte in a blob', 'AMP_BUNDLE_FILE_CORRUPT', blob, flipByte],
  ['a flipped byte in a manifest', 'AMP_BUNDLE_FILE_CORRUPT', 'manifests/app/10-app.yaml', flipByte],
  ['a flipped byte in the launcher', 'AMP_BUNDLE_FILE_CORRUPT', 'ampoule', flipByte],
  ['a truncated blob', 'AMP_BUNDLE_FILE_TRUNCATED', blob, async (file) => writeFile(file, (await readFile(file)).subarray(0, 7))],
  ['a blob with more at its end', 'AMP_BUNDLE_FILE_TRUNCATED', blob, (file) => appendFile(file, 'x')],
  ['a missing blob', 'AMP_BUNDLE_FILE_MISSING', blob, (file) => rm(file)],
  ['a missing SBOM', 'AMP_BUNDLE_FILE_MISSING', 'sbom.cdx.json', (file) => rm(file)],
  ['a manifest.json with another version', 'AMP_BUNDLE_SIGNATURE', 'manifest.json', otherVersion],
  ['a missing signature', 'AMP_BUNDLE_SIGNATURE_MISSING', 'manifest.json.sig', (file) => rm(file)],
  ['a signature that is no signature', 'AMP_INPUT_INVALID', 'manifest.json.sig', (file) => writeFile(file, '{}')],
  ['a missing key', 'AMP_BUNDLE_KEY_INVALID', 'bundle.pub', (file) => rm(file)],
])('refuses a bundle with %s: %s', async (_, code, path, spoil) => {
  const { folder } = await copyOfBundle();
  await spoil(join(folder, path), folder);
  await expect(Bundle.open(folder).then((bundle) => verifyBundle(bundle))).rejects.toMatchObject({
    code,
    message: expect.stringContaining(path),
  });
});

it('refuses a bundle signed by another key than the one that the site trusts', async () => {
  const publicKeyFile = join(await temporaryFolder(), 'foreign.pub');
  await writeKeyPair(foreign, { privateKeyFile: publicKeyFile.replace('.pub', '.key'), publicKeyFile });
  await expect(verifyBundle(await Bundle.open(staged.folder), { publicKey: publicKeyFile })).rejects.toMatchObject({
    code: 'AMP_BUNDLE_SIGNATURE',
    why: expect.stringContaining(staged.fingerprint),
  });
});

it('names every bad file at once, and none of the others', async () => {
  const bundle = await copyOfBundle();
  await rm(bundle.path(layout.index));
  await flipByte(bundle.path(blob));
  const error = await verifyBundle(bundle).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ what: '2 files of the bundle are not what was signed', why: expect.stringContaining(blob) });
  expect(error).toMatchObject({ why: expect.stringContaining('index.json is missing') });
});

it.each(['', 'manifest'])('says that a folder is no bundle (%s)', async (name) => {
  const folder = join(await temporaryFolder(), name);
  await expect(Bundle.open(folder)).rejects.toMatchObject({ code: 'AMP_BUNDLE_NOT_FOUND', what: expect.stringContaining(folder) });
});

it.each(['../outside', '/etc/passwd', 'a/../../b', '..'])('refuses a manifest that lists %s', async (path) => {
  const { folder } = await copyOfBundle();
  const text = await readFile(join(folder, layout.manifest), 'utf8');
  await writeFile(join(folder, layout.manifest), text.replace('"path": "ampoule"', `"path": "${path}"`));
  await expect(Bundle.open(folder)).rejects.toMatchObject({ code: 'AMP_INPUT_INVALID', why: expect.stringContaining('files.0.path') });
});

it('stops when a manifest asks for an image that is not in the bundle, and says who asks', async () => {
  const text = 'args: [--helper=docker.io/library/absent:1.0]\n';
  await expect(createWith({ 'manifests/app/30-more.yaml': text })).rejects.toMatchObject({
    code: 'AMP_BUNDLE_CLOSURE',
    why: 'docker.io/library/absent:1.0 is asked for by manifests/app/30-more.yaml',
  });
});

it('stops when our own program asks for an image that is not in the bundle', async () => {
  await expect(createWith({ 'src/app.ts': 'process.stdout.write("docker.io/library/absent:1.0")' })).rejects.toMatchObject({
    code: 'AMP_BUNDLE_CLOSURE',
    why: 'docker.io/library/absent:1.0 is asked for by opt/app.mjs',
  });
});

it('stops when there is no image with the programs of the host', async () => {
  const text = 'image: ampoule.internal/other:1\nlayers: [base]\nentrypoint: [/x]\n';
  await expect(createWith({ 'images/host/image.yaml': text })).rejects.toMatchObject({
    code: 'AMP_BUNDLE_CLOSURE',
    why: 'ampoule.internal/host:1.2.3 is asked for by the installer',
  });
});

it('names a component that cannot be built', async () => {
  await expect(createWith({ 'src/app.ts': 'import "./absent.ts";' })).rejects.toMatchObject({
    code: 'AMP_BUNDLE_COMPONENT',
    what: expect.stringContaining('app'),
    why: expect.stringContaining('absent.ts'),
  });
});

it('names what the launcher needs and bundle.yaml does not have, or not in a form that a bare host can unpack', async () => {
  const yaml = await readFile(join(repository, 'bundle/bundle.yaml'), 'utf8');
  const zstd = yaml.replace('images/node/root, compression: gzip', 'images/node/root');
  await expect(createWith({ 'bundle/bundle.yaml': zstd })).rejects.toMatchObject({ what: expect.stringContaining('node') });
  const without = {
    'bundle/bundle.yaml': yaml.replace('node:', 'other:'),
    'images/host/image.yaml': 'image: ampoule.internal/host:1.2.3\nlayers: [base]\nentrypoint: [/x]\n',
  };
  await expect(createWith(without)).rejects.toMatchObject({
    code: 'AMP_BUNDLE_COMPONENT',
    what: expect.stringContaining('component node'),
  });
});

it('asks kubeadm, and does without its answer only where there is no Kubernetes', async () => {
  const yaml = await readFile(join(repository, 'bundle/bundle.yaml'), 'utf8');
  await expect(createWith({ 'bundle/bundle.yaml': `${yaml}  kubernetes: { source: { kind: files } }\n` })).rejects.toMatchObject({
    code: 'AMP_BUNDLE_CLOSURE',
    what: expect.stringContaining('kubeadm'),
  });
});

it('signs nothing that was changed in the cache after it was built', async () => {
  const folder = await temporaryFolder();
  await writeTinyRepository(join(folder, 'repository'));
  const tiny = await tinyOptions(join(folder, 'repository'), folder);
  await createBundle(tiny);
  const layers = join(folder, 'repository/.cache/layers');
  const [base = ''] = (await readdir(layers)).filter((name) => name.startsWith('base-'));
  await flipByte(join(layers, base, 'layer'));
  await expect(createBundle(tiny)).rejects.toMatchObject({ code: 'AMP_BUNDLE_COMPONENT', what: expect.stringContaining('blobs/sha256/') });
});

it('leaves nothing of an earlier bundle in the folder of the next', async () => {
  const folder = await temporaryFolder();
  await writeTinyRepository(join(folder, 'repository'));
  const tiny = await tinyOptions(join(folder, 'repository'), folder);
  const first = await createBundle(tiny);
  await writeTree(first.folder, { 'manifests/app/90-old.yaml': 'old' });
  await rename(first.file, `${first.file}.earlier`);
  const second = await createBundle(tiny);
  expect(await digestOfFile(second.file)).toBe(await digestOfFile(`${first.file}.earlier`));
});

async function flipByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  await writeFile(file, bytes);
}

async function otherVersion(file: string): Promise<void> {
  await writeFile(file, (await readFile(file, 'utf8')).replace('"version": "1.2.3"', '"version": "1.2.4"'));
}

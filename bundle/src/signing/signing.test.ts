import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadPrivateKey, loadPublicKey, writeKeyPair } from './key-files.ts';
import { fingerprint, generateKeyPair, publicKeyOf } from './keys.ts';
import { readSignature, SIGNATURE_FILE, sign, verify } from './signature.ts';

const ours = await generateKeyPair();
const foreign = await generateKeyPair();
const manifest = Buffer.from('{"name":"ampoule"}\n');
const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

async function keyFiles() {
  const folder = await mkdtemp(join(tmpdir(), 'ampoule-signing-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { privateKeyFile: join(folder, 'bundle.key'), publicKeyFile: join(folder, 'bundle.pub') };
}

it('accepts what the trusted key signed', () => {
  expect(() => verify(manifest, sign(manifest, ours.privateKeyPem), ours.publicKeyPem)).not.toThrow();
});

it('gives the same signature for the same bytes', () => {
  expect(sign(manifest, ours.privateKeyPem)).toBe(sign(manifest, ours.privateKeyPem));
});

it('refuses a foreign signature and tells both fingerprints', () => {
  const why = expect.stringMatching(
    new RegExp(`signed by ${fingerprint(foreign.publicKeyPem)}\\n.*trusted +${fingerprint(ours.publicKeyPem)}`),
  );
  expect(() => verify(manifest, sign(manifest, foreign.privateKeyPem), ours.publicKeyPem)).toThrowError(
    expect.objectContaining({ code: 'AMP_BUNDLE_SIGNATURE', why }),
  );
});

it('refuses a foreign signature that claims the fingerprint of the trusted key', () => {
  const forged = sign(manifest, foreign.privateKeyPem).replace(fingerprint(foreign.publicKeyPem), fingerprint(ours.publicKeyPem));
  expect(() => verify(manifest, forged, ours.publicKeyPem)).toThrowError(expect.objectContaining({ code: 'AMP_BUNDLE_SIGNATURE' }));
});

it.each([...manifest.keys()])('refuses a manifest in which byte %i was flipped', (at) => {
  const changed = Buffer.from(manifest);
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  expect(() => verify(changed, sign(manifest, ours.privateKeyPem), ours.publicKeyPem)).toThrowError(
    expect.objectContaining({ code: 'AMP_BUNDLE_SIGNATURE', what: expect.stringContaining('manifest.json') }),
  );
});

it.each([
  ['cut short', (text: string) => text.slice(0, 40)],
  ['of another algorithm', (text: string) => text.replace('ed25519', 'none')],
  ['without a signature', (text: string) => text.replace(/"signature": "[^"]*"/, '"signature": ""')],
  ['with a further field', (text: string) => text.replace('{', '{ "x": 1,')],
])('refuses a signature file that is %s', (_, spoil) => {
  const text = spoil(sign(manifest, ours.privateKeyPem));
  expect(() => verify(manifest, text, ours.publicKeyPem)).toThrowError(
    expect.objectContaining({ code: 'AMP_INPUT_INVALID', what: expect.stringContaining(SIGNATURE_FILE) }),
  );
});

it('tells that a signature is missing and where', async () => {
  const { publicKeyFile } = await keyFiles();
  const file = join(publicKeyFile, '..', SIGNATURE_FILE);
  await expect(readSignature(file)).rejects.toMatchObject({ code: 'AMP_BUNDLE_SIGNATURE_MISSING', what: expect.stringContaining(file) });
});

it('prints a fingerprint in groups that people can compare', () => {
  expect(fingerprint(ours.publicKeyPem)).toMatch(/^SHA256:([0-9a-f]{4}-){15}[0-9a-f]{4}$/);
  expect(fingerprint(publicKeyOf(ours.privateKeyPem))).toBe(fingerprint(ours.publicKeyPem));
});

it.each([
  ['nothing', '', 'not an Ed25519 key'],
  ['another text', 'hello', 'not an Ed25519 key'],
  ['an RSA key', rsa.publicKey, 'type rsa'],
  ['a private key', ours.privateKeyPem, 'must never leave'],
])('takes %s for no public key', (_, pem, reason) => {
  expect(() => verify(manifest, sign(manifest, ours.privateKeyPem), pem)).toThrowError(
    expect.objectContaining({ code: 'AMP_BUNDLE_KEY_INVALID', message: expect.stringContaining(reason) }),
  );
});

it.each([
  ['a public key', ours.publicKeyPem],
  ['an RSA key', rsa.privateKey],
])('takes %s for no private key', (_, pem) => {
  expect(() => sign(manifest, pem)).toThrowError(expect.objectContaining({ code: 'AMP_BUNDLE_KEY_INVALID' }));
});

it('keeps the private key for its owner and gives both back', async () => {
  const files = await keyFiles();
  await writeKeyPair(ours, files);
  expect((await stat(files.privateKeyFile)).mode & 0o777).toBe(0o600);
  expect(await loadPrivateKey(files.privateKeyFile)).toBe(ours.privateKeyPem);
  expect(await loadPublicKey(files.publicKeyFile)).toBe(ours.publicKeyPem);
});

it.each(['privateKeyFile', 'publicKeyFile'] as const)('never overwrites an existing %s, and then writes neither', async (existing) => {
  const files = await keyFiles();
  await writeFile(files[existing], 'precious');
  await expect(writeKeyPair(ours, files)).rejects.toMatchObject({
    code: 'AMP_BUNDLE_KEY_EXISTS',
    what: expect.stringContaining(files[existing]),
  });
  expect(await readFile(files[existing], 'utf8')).toBe('precious');
  const other = existing === 'privateKeyFile' ? files.publicKeyFile : files.privateKeyFile;
  await expect(stat(other)).rejects.toMatchObject({ code: 'ENOENT' });
});

it.each([0o640, 0o604, 0o660, 0o644])('refuses a private key of mode %o', async (mode) => {
  const files = await keyFiles();
  await writeKeyPair(ours, files);
  await chmod(files.privateKeyFile, mode);
  await expect(loadPrivateKey(files.privateKeyFile)).rejects.toMatchObject({
    code: 'AMP_BUNDLE_KEY_EXPOSED',
    fix: expect.stringContaining('chmod 600'),
  });
});

it('names a key file that is not there', async () => {
  const { publicKeyFile } = await keyFiles();
  await expect(loadPublicKey(publicKeyFile)).rejects.toMatchObject({
    code: 'AMP_BUNDLE_KEY_INVALID',
    what: expect.stringContaining(publicKeyFile),
  });
});

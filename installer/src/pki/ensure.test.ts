import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePki } from './ensure.ts';
import { authorityNames, serverNames } from './profile.ts';
import { readCertificates, sansOf } from './read.ts';
import {
  bundleCreatedAt,
  changed,
  config,
  contentsOf,
  copyOf,
  now,
  opensslText,
  opensslVerify,
  optionsFor,
  temporaryFolder,
} from './testing.ts';

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const authorityFiles = authorityNames.map((name) => `${name}-ca`);
const pairs = ['root', ...authorityFiles, ...serverNames];

let original: string;

beforeAll(async () => {
  original = await mkdtemp(join(tmpdir(), 'ampoule-pki-original-'));
  await ensurePki(optionsFor(original));
});
afterAll(() => rm(original, { recursive: true, force: true }));

/** Another letter in the middle of the first certificate. */
function flipByte(text: string): string {
  const at = 700;
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
}

async function expectWhole(directory: string): Promise<void> {
  for (const name of pairs) {
    const certificate = join(directory, `${name}.crt`);
    expect(await opensslVerify(join(directory, 'trust.crt'), certificate)).toMatchObject({ code: 0 });
    const x509 = new X509Certificate(await readFile(certificate));
    expect(x509.checkPrivateKey(createPrivateKey(await readFile(join(directory, `${name}.key`))))).toBe(true);
  }
}

describe('a new PKI', () => {
  it('has a chain that OpenSSL finds good under its strict rules', () => expectWhole(original));

  it('lets only the owner read keys and enter the folder', async () => {
    expect((await stat(original)).mode & 0o777).toBe(0o700);
    for (const name of Object.keys(await contentsOf(original))) {
      expect({ name, mode: (await stat(join(original, name))).mode & 0o777 }).toEqual({
        name,
        mode: name.endsWith('.key') ? 0o600 : 0o644,
      });
    }
  });

  it('gives authorities and servers only the uses that they have', async () => {
    expect(await opensslText(join(original, 'root.crt'))).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:1/);
    const authority = await opensslText(join(original, 'cluster-ca.crt'));
    expect(authority).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(authority).toMatch(/Key Usage: critical\s+Digital Signature, Certificate Sign, CRL Sign/);
    const server = await opensslText(join(original, 'registry.crt'));
    expect(server).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(server).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication/);
    expect(server).toContain('sha256WithRSAEncryption');
  });

  it('has positive serial numbers of 128 bits, each once', async () => {
    const serials = await Promise.all(
      pairs.map(async (name) => new X509Certificate(await readFile(join(original, `${name}.crt`))).serialNumber),
    );
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(new Set(serials).size).toBe(pairs.length);
  });

  it('names the registry and the ingress as clients call them', async () => {
    const names = async (server: string) => sansOf(new X509Certificate(await readFile(join(original, `${server}.crt`))));
    expect(await names('registry')).toEqual([
      'DNS:registry.ampoule.internal',
      'DNS:localhost',
      'IP Address:192.0.2.10',
      'IP Address:127.0.0.1',
    ]);
    expect(await names('ingress')).toEqual(['DNS:ampoule.example', 'DNS:*.ampoule.example', 'IP Address:192.0.2.10']);
  });

  it('lives 20, 10 and 5 years', async () => {
    const years = async (name: string) => {
      const { validFromDate, validToDate } = new X509Certificate(await readFile(join(original, `${name}.crt`)));
      return (validToDate.getTime() - validFromDate.getTime()) / YEAR_MS;
    };
    expect([await years('root'), await years('etcd-ca'), await years('ingress')]).toEqual([20, 10, 5]);
  });
});

describe('a second run', () => {
  it('keeps every file bit for bit', async () => {
    const directory = await copyOf(original);
    await ensurePki(optionsFor(directory));
    expect(changed(await contentsOf(original), await contentsOf(directory))).toEqual([]);
  });

  it.each(pairs)('makes the certificate of %s again with its key when a crash left only the key', async (name) => {
    const directory = await copyOf(original);
    await rm(join(directory, `${name}.crt`));
    await ensurePki(optionsFor(directory));
    await expectWhole(directory);
    expect(changed(await contentsOf(original), await contentsOf(directory)).filter((file) => file.endsWith('.key'))).toEqual([]);
  });

  it.each([
    ['cut short', (text: string) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['not a certificate', () => 'hello'],
    ['flipped in one byte', flipByte],
  ])('makes a certificate again that is %s', async (_, spoil) => {
    const directory = await copyOf(original);
    for (const name of ['etcd-ca', 'registry']) {
      const file = join(directory, `${name}.crt`);
      await writeFile(file, spoil(await readFile(file, 'utf8')));
    }
    const spoilt = await contentsOf(directory);
    await ensurePki(optionsFor(directory));
    await expectWhole(directory);
    expect(changed(spoilt, await contentsOf(directory))).toEqual(['etcd-ca.crt', 'registry.crt']);
  });

  it('makes a new key for a server whose key is lost', async () => {
    const directory = await copyOf(original);
    await rm(join(directory, 'ingress.key'));
    await ensurePki(optionsFor(directory));
    await expectWhole(directory);
    expect(changed(await contentsOf(original), await contentsOf(directory))).toEqual(['ingress.crt', 'ingress.key']);
  });

  it('closes a key that someone has opened to others', async () => {
    const directory = await copyOf(original);
    await chmod(join(directory, 'root.key'), 0o644);
    await ensurePki(optionsFor(directory));
    expect((await stat(join(directory, 'root.key'))).mode & 0o777).toBe(0o600);
  });

  it('certifies the servers anew, with their keys, when the address of the host has changed', async () => {
    const directory = await copyOf(original);
    await ensurePki(optionsFor(directory, { config: { ...config, nodeAddress: '198.51.100.7' } }));
    expect(changed(await contentsOf(original), await contentsOf(directory))).toEqual(['ingress.crt', 'registry.crt']);
    expect(await opensslVerify(join(directory, 'trust.crt'), join(directory, 'ingress.crt'), '-verify_ip', '198.51.100.7')).toMatchObject({
      code: 0,
    });
  });

  it('renews expired servers and leaves the authorities, which clients trust', async () => {
    const directory = await copyOf(original);
    await ensurePki(optionsFor(directory, { now: new Date(now.getTime() + 6 * YEAR_MS) }));
    expect(changed(await contentsOf(original), await contentsOf(directory))).toEqual(['ingress.crt', 'registry.crt']);
  });

  it('never lets a certificate outlive its issuer', async () => {
    const directory = await copyOf(original);
    await ensurePki(optionsFor(directory, { now: new Date(now.getTime() + 9 * YEAR_MS) }));
    const [leaf, authority] = readCertificates(await readFile(join(directory, 'registry.crt'), 'utf8'));
    expect(leaf?.validToDate).toEqual(authority?.validToDate);
  });
});

describe('the keys of authorities', () => {
  it('lets the root key be locked away', async () => {
    const directory = await copyOf(original);
    await rm(join(directory, 'root.key'));
    const before = await contentsOf(directory);
    await ensurePki(optionsFor(directory));
    expect(changed(before, await contentsOf(directory))).toEqual([]);
  });

  it('asks for the root key only when something has to be signed with it', async () => {
    const directory = await copyOf(original);
    await rm(join(directory, 'root.key'));
    await rm(join(directory, 'etcd-ca.crt'));
    await expect(ensurePki(optionsFor(directory))).rejects.toMatchObject({
      code: 'AMP_PKI_KEY_MISSING',
      what: expect.stringContaining('root.key'),
    });
  });

  it.each(authorityFiles)('never replaces %s silently when its key is lost', async (name) => {
    const directory = await copyOf(original);
    await rm(join(directory, `${name}.key`));
    await expect(ensurePki(optionsFor(directory))).rejects.toMatchObject({
      code: 'AMP_PKI_KEY_MISSING',
      what: expect.stringContaining(`${name}.key`),
    });
  });

  it('refuses a key that belongs to another certificate', async () => {
    const directory = await copyOf(original);
    await copyFile(join(directory, 'etcd-ca.key'), join(directory, 'cluster-ca.key'));
    await expect(ensurePki(optionsFor(directory))).rejects.toMatchObject({ code: 'AMP_PKI_PAIR_MISMATCH' });
  });

  it.each(['root.key', 'registry.key', 'sa.key'])('names %s when it is not a key', async (name) => {
    const directory = await copyOf(original);
    await writeFile(join(directory, name), 'hello');
    await expect(ensurePki(optionsFor(directory))).rejects.toMatchObject({
      code: 'AMP_PKI_KEY_INVALID',
      what: expect.stringContaining(name),
    });
  });
});

describe('the clock', () => {
  it('must not be before the bundle, and then nothing is written', async () => {
    const directory = join(await temporaryFolder(), 'pki');
    const early = optionsFor(directory, { now: new Date(bundleCreatedAt.getTime() - 1) });
    await expect(ensurePki(early)).rejects.toMatchObject({ code: 'AMP_PKI_CLOCK_BEFORE_BUNDLE' });
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

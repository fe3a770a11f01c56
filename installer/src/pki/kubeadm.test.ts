import { createPrivateKey } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensurePki, type Pki } from './ensure.ts';
import { kubeadmPkiFiles, withRoot } from './kubeadm.ts';
import { readCertificates } from './read.ts';
import { optionsFor } from './testing.ts';

let pki: Pki;
beforeAll(async () => {
  pki = await ensurePki(optionsFor(await mkdtemp(join(tmpdir(), 'ampoule-kubeadm-'))));
});
afterAll(() => rm(pki.directory, { recursive: true, force: true }));

it('hands over exactly the files that kubeadm then does not make, keys for the owner alone', async () => {
  const files = (await kubeadmPkiFiles(pki)).map(({ path, mode }) => `${path} ${mode.toString(8)}`);
  expect(files.sort()).toEqual([
    'ca-signer.crt 644',
    'ca.crt 644',
    'ca.key 600',
    'etcd/ca.crt 644',
    'etcd/ca.key 600',
    'front-proxy-ca.crt 644',
    'front-proxy-ca.key 600',
    'sa.key 600',
    'sa.pub 644',
  ]);
});

it.each(['ca', 'etcd/ca', 'front-proxy-ca'])('has the authority of %s.key first in its file, then the root', async (path) => {
  const files = new Map((await kubeadmPkiFiles(pki)).map((file) => [file.path, file.contents]));
  const [authority, root, ...others] = readCertificates(files.get(`${path}.crt`) ?? '');
  expect(authority?.checkPrivateKey(createPrivateKey(files.get(`${path}.key`) ?? ''))).toBe(true);
  expect(root?.fingerprint256).toBe(readCertificates(await readFile(pki.trust, 'utf8'))[0]?.fingerprint256);
  expect(others).toEqual([]);
});

it('gives the controller manager a file of one certificate, which is all that it signs with', async () => {
  const files = new Map((await kubeadmPkiFiles(pki)).map((file) => [file.path, file.contents]));
  const signer = readCertificates(files.get('ca-signer.crt') ?? '');
  expect(signer).toHaveLength(1);
  expect(signer[0]?.fingerprint256).toBe(readCertificates(files.get('ca.crt') ?? '')[0]?.fingerprint256);
});

it('refuses a kubeconfig without an authority', async () => {
  const root = await readFile(pki.trust, 'utf8');
  expect(() => withRoot('clusters: []\n', root)).toThrowError(expect.objectContaining({ code: 'AMP_PKI_KUBECONFIG' }));
});

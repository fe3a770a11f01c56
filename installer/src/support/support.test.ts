import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { type Files, hostFolder } from '../host/testing/host-folder.ts';
import { paths } from '../paths.ts';
import { createSupportBundle, redact } from './index.ts';

describe('redact', () => {
  const pem = `-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEI${'A'.repeat(60)}\nmore\n-----END EC PRIVATE KEY-----`;

  it.each([
    ['a field of YAML', 'password: hunter2'],
    ['a field in a list', '  - token: hunter2'],
    ['a name in camel case', '  clientSecret: "hunter2"'],
    ['a field of TOML', 'password = "hunter2"'],
    ['a field of JSON', '{"user":"a","Password": "hunter2","x":1}'],
    ['JSON inside a string', '"{\\"apiKey\\":\\"hunter2\\"}"'],
    ['the credentials of a registry', '{"auths":{"r:5000":{"auth":"hunter2"}}}'],
    ['an environment variable of a container', '- name: DB_PASSWORD\n  value: hunter2\n'],
    ['an environment variable in an annotation', '{"env":[{"name":"API_TOKEN","value":"hunter2"}]}'],
    ['a setting in a line of a log', 'started with token=hunter2, port=1'],
    ['a query of an address', 'GET /x?a=1&access_key=hunter2&b=2'],
    ['an option of a program', 'kubeadm join --token hunter2 --certificate-key=hunter2'],
    ['a bearer header', 'Authorization: Bearer hunter2hunter2'],
    ['a basic header in TOML', '  Authorization = ["Basic hunter2hunter2"]'],
    ['a bearer token anywhere', 'curl: sent bearer hunter2hunter2=='],
    ['a password in an address', 'https://admin:hunter2@registry:5000/v2/'],
    ['a cookie', 'Set-Cookie: sid=hunter2; Path=/'],
    ['the key of a kubeconfig', '    client-key-data: hunter2'],
    ["a Secret's data", 'kind: Secret\ndata:\n  a.txt: hunter2\n  b: |\n    hunter2\ntype: Opaque\n'],
    ["a Secret's data in a list", '- apiVersion: v1\n  data:\n    x: hunter2\n  kind: Secret\n'],
  ])('hides %s', (_what, secret) => {
    const clean = redact(secret);
    expect(clean).not.toContain('hunter2');
    expect(clean).toContain('[redacted]');
  });

  it.each([
    ['a whole private key', pem],
    ['a key whose end is cut off', pem.slice(0, 80)],
    ['a web token', `x eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.${'c'.repeat(40)} y`],
    ['a bootstrap token', 'found abcdef.0123456789abcdef in the list'],
    ['a bcrypt hash', `admin:$2y$05$${'a'.repeat(53)}`],
  ])('hides %s by its form', (_what, secret) => {
    expect(redact(secret)).not.toMatch(/AAAA|eyJhbGci|0123456789abcdef|aaaaaa/);
  });

  it.each([
    'automountServiceAccountToken: true',
    '  secretName: registry-access',
    'secrets:\n  - name: x',
    'auth:\n  htpasswd:\n    realm: x',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    'image: registry.k8s.io/coredns/coredns:v1.14.6@sha256:abcd',
    'http://10.0.0.5:5000/v2/ and user@host',
    'I0101 kubelet.go:1] "Starting" version="v1.36.3"',
    'kind: ConfigMap\ndata:\n  Corefile: x',
  ])('leaves %j as it is', (harmless) => {
    expect(redact(harmless)).toBe(harmless);
  });

  it('does not change what it has already redacted', () => {
    const once = redact(`password: a\n${pem}\nAuthorization: Basic abcdefgh`);
    expect(redact(once)).toBe(once);
  });

  it.each(['a', 'a-', 'a.', '=', '"', ' -'])('takes no more than a moment for a MiB of %j', (piece) => {
    const start = performance.now();
    redact(piece.repeat(2 ** 20 / piece.length));
    redact(randomBytes(2 ** 19).toString('base64url'));
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});

async function readArchive(file: string): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  const archive = createReadStream(file).pipe(createGunzip()).pipe(extract());
  for await (const entry of archive) entries.set(entry.header.name, await text(entry));
  return entries;
}

describe('the support bundle', () => {
  const files: Files = {
    '/proc/meminfo': 'MemTotal: 1 kB\n',
    '/var/log/ampoule/install.log': 'password=hunter2 \nampoule said correct-horse-battery\n',
    '/var/log/pods/default_a_1/main/0.log': `${'x'.repeat(100)}\n`.repeat(20_000),
    '/etc/ampoule/registry.yaml': 'http:\n  secret: hunter2\n',
    [paths.secrets]: '{"username":"ampoule","password":"correct-horse-battery"}',
    '/usr/bin/journalctl': '#!/bin/sh\necho "journal $@ --token hunter2"\n',
    '/opt/ampoule/bin/kubectl': '#!/bin/sh\necho "connection refused, token=hunter2" >&2; exit 1\n',
  };

  it('holds logs and states without secrets, and lists what could not be had', async () => {
    const host = await hostFolder(files);
    const file = host.at('/out/support.tar.gz');
    const { entries, bytes } = await createSupportBundle(file, {
      host,
      preflight: [{ id: 'a', title: 'a', status: 'pass', detail: '', durationMs: 1 }],
      extra: { 'status.json': '{}' },
    });
    const archive = await readArchive(file);
    expect(archive.size).toBe(entries);
    expect(bytes).toBeGreaterThan(0);
    expect([...archive.keys()]).toEqual(
      expect.arrayContaining([
        'preflight.json',
        'status.json',
        'files/proc/meminfo',
        'files/var/log/ampoule/install.log',
        'services/kubelet.service.log',
        'errors.txt',
      ]),
    );
    expect(archive.has(`files${paths.secrets}`)).toBe(false);
    expect([...archive.values()].join()).not.toContain('hunter2');
    expect([...archive.values()].join()).not.toContain('correct-horse');
    expect(archive.get('files/var/log/ampoule/install.log')).toContain('ampoule said [redacted]');
    expect(archive.get('errors.txt')).toMatch(/cluster\/pods\.yaml: .*connection refused/);
    expect(archive.get('files/var/log/pods/default_a_1/main/0.log')?.length).toBeLessThanOrEqual(2 ** 20);
  });

  it('never asks the cluster for Secrets', async () => {
    const host = await hostFolder({ ...files, '/opt/ampoule/bin/kubectl': '#!/bin/sh\necho "$@"\n' });
    const file = host.at('/support.tar.gz');
    await createSupportBundle(file, { host });
    const archive = await readArchive(file);
    const asked = [...archive].filter(([name]) => name.startsWith('cluster/')).map(([, output]) => output);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.join()).not.toMatch(/secrets?\b|configmap| all /i);
    expect(asked.every((line) => line.includes('--request-timeout 5s'))).toBe(true);
  });

  it('is an error when its file cannot be written', async () => {
    const host = await hostFolder({ '/file': '', '/folder/x.tar.gz/': '' });
    for (const path of ['/file/x.tar.gz', '/folder/x.tar.gz']) {
      await expect(createSupportBundle(host.at(path), { host })).rejects.toMatchObject({ code: 'AMP_SUPPORT_FILE' });
    }
  });
});

import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { packTar } from '@ampoule/lib/oci/layer';
import { RegistryClient } from '@ampoule/lib/oci/registry';
import { expect, it, onTestFinished } from 'vitest';
import { s3ArchiveOf } from './s3.ts';
import { sourceFilesOf } from './source.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const { signal } = new AbortController();
const registry = new RegistryClient({ url: 'http://127.0.0.1:1' });

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** Checks a signature by the words of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
function isSigned({ method = '', url = '', headers }: IncomingMessage): boolean {
  const [, id, day = '', region = '', service = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d+)\/([\w-]+)\/(\w+)\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=(\w+)$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const lines = names.split(';').map((name) => `${name}:${headers[name]}\n`);
  const canonical = [method, url, '', ...[lines.join('')], names, headers['x-amz-content-sha256']].join('\n');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], `${day}/${region}/${service}/aws4_request`, hash(canonical)].join('\n');
  const key = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${SECRET}`, day));
  return id === 'AKIDEXAMPLE' && names.includes('host') && hmac(key, text).toString('hex') === signature;
}

/** A server with one archive, for who has the key. */
async function bucket(): Promise<string> {
  const bytes = await buffer(packTar([{ path: 'code/main.py', content: 'main' }]));
  const server = createServer((request, response) => {
    const isThere = request.url === '/my-bucket/some%20folder/code.tar';
    response.writeHead(isThere ? (isSigned(request) ? 200 : 403) : 404).end(bytes);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function filesOf(path: string, attributes: object) {
  const build = {
    codeEntryType: 's3',
    path,
    codeEntryAttributes: { s3Bucket: 'my-bucket', s3ItemKey: 'some folder/code.tar', ...attributes },
  };
  return sourceFilesOf({ metadata: { name: 'f', namespace: 'n', uid: 'u' }, spec: { runtime: 'python', build } }, { registry, signal });
}

it('takes an archive out of a bucket, with the keys of its owner', async () => {
  const keys = { s3AccessKeyId: 'AKIDEXAMPLE', s3SecretAccessKey: SECRET, s3Region: 'eu-west-1', workDir: 'code' };

  expect(await filesOf(await bucket(), keys)).toMatchObject([{ path: 'opt/nuclio/main.py', content: Buffer.from('main') }]);
});

it.each([
  ['the keys are wrong', { s3AccessKeyId: 'AKIDEXAMPLE', s3SecretAccessKey: 'wrong' }, /403/],
  ['there are no keys', {}, /403/],
  ['there is no such archive', { s3ItemKey: 'none' }, /404/],
])('says so where %s', async (_what, attributes, why) => {
  await expect(filesOf(await bucket(), attributes)).rejects.toMatchObject({ code: 'AMP_BUILD_ARCHIVE', why: expect.stringMatching(why) });
});

it('asks Amazon where no server is given', async () => {
  const { url } = await s3ArchiveOf('', { s3Bucket: 'b', s3ItemKey: 'a/ü.zip', s3Region: 'eu-west-1' });

  expect(url).toBe('https://s3.eu-west-1.amazonaws.com/b/a/%C3%BC.zip');
});

it('names what is missing', async () => {
  await expect(filesOf('http://127.0.0.1:1', { s3Bucket: '' })).rejects.toMatchObject({
    code: 'AMP_INPUT_INVALID',
    message: expect.stringContaining('s3Bucket'),
  });
});

it.each(['minio', 'http://ann:topsecret@127.0.0.1:1'])('takes no server %s, and repeats no password', async (path) => {
  const failing = filesOf(path, { s3AccessKeyId: 'a', s3SecretAccessKey: 'b' });

  await expect(failing).rejects.toMatchObject({ code: 'AMP_INPUT_INVALID', message: expect.not.stringContaining('topsecret') });
});

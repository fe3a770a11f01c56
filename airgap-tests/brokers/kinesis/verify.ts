import { createHash, createHmac } from 'node:crypto';
import type { FakeRequest } from '../fake-server.ts';

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;
const MUST_BE_SIGNED = ['host', 'x-amz-date', 'x-amz-target'];
const MOST_SKEW_MS = 300_000;

/** What is wrong with the signature of a request, as AWS names it; undefined where nothing is. Written from AWS's description of it. */
export function signatureProblem(
  { headers, body, path, method }: FakeRequest,
  { accessKeyID, secretAccessKey, region }: Record<'accessKeyID' | 'secretAccessKey' | 'region', string>,
): [type: string, message: string] | undefined {
  if (headers.authorization === undefined) return ['MissingAuthenticationTokenException', 'Missing Authentication Token'];
  const [, key, date = '', scopeRegion, service, names = '', signature] = AUTHORIZATION.exec(headers.authorization) ?? [];
  if (key === undefined) return ['IncompleteSignatureException', 'Authorization header requires Credential, SignedHeaders and Signature.'];
  if (key !== accessKeyID) return ['UnrecognizedClientException', 'The security token included in the request is invalid.'];
  const list = names.split(';');
  const time = String(headers['x-amz-date']);
  const sent = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(Date.now() - sent) < MOST_SKEW_MS)) return ['InvalidSignatureException', 'Signature expired'];
  if (scopeRegion !== region || service !== 'kinesis' || !time.startsWith(date) || !MUST_BE_SIGNED.every((each) => list.includes(each))) {
    return ['InvalidSignatureException', 'Credential should be scoped to a valid region and service.'];
  }
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const [uri, query = ''] = path.split('?');
  const canonical = `${method}\n${uri}\n${query}\n${list.map((name) => `${name}:${headers[name]}\n`).join('')}\n${names}\n${hash(body)}`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${date}/${region}/kinesis/aws4_request\n${hash(canonical)}`;
  let secret: Buffer | string = `AWS4${secretAccessKey}`;
  for (const part of [date, region, 'kinesis', 'aws4_request']) secret = createHmac('sha256', secret).update(part).digest();
  if (createHmac('sha256', secret).update(toSign).digest('hex') === signature) return undefined;
  return [
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  ];
}

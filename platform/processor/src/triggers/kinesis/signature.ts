import { createHash, createHmac } from 'node:crypto';

export interface Credentials {
  accessKeyID: string;
  secretAccessKey: string;
  /** Of temporary credentials. */
  sessionToken?: string | undefined;
}

export interface Unsigned {
  host: string;
  headers: Record<string, string>;
  body: string;
}

export interface Scope {
  region: string;
  service: string;
  now: Date;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * The headers of a POST to `/` with those that sign it by AWS Signature Version 4.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signed(
  { host, headers, body }: Unsigned,
  credentials: Credentials,
  { region, service, now }: Scope,
): Record<string, string> {
  const { accessKeyID, secretAccessKey, sessionToken } = credentials;
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const date = time.slice(0, 8);
  const sent = { ...headers, 'x-amz-date': time, ...(sessionToken && { 'x-amz-security-token': sessionToken }) };
  const lines = Object.entries({ ...sent, host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replaceAll(/ +/g, ' ')] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = lines.map(([name]) => name).join(';');
  const canonical = ['POST', '/', '', ...lines.map((line) => line.join(':')), '', names, sha256(body)].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const signature = hmac(signingKey(secretAccessKey, date, { region, service }), [ALGORITHM, time, scope, sha256(canonical)].join('\n'));
  const authorization = `${ALGORITHM} Credential=${accessKeyID}/${scope}, SignedHeaders=${names}, Signature=${signature.toString('hex')}`;
  return { ...sent, authorization };
}

export function signingKey(secret: string, date: string, { region, service }: Omit<Scope, 'now'>): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), 'aws4_request');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

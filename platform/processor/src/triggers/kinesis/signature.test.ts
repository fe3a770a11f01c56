import { describe, expect, it } from 'vitest';
import { signed, signingKey } from './signature.ts';

/** Of the test suite and the examples that AWS has published for Signature Version 4. */
const credentials = { accessKeyID: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const scope = { region: 'us-east-1', service: 'service', now: new Date('2015-08-30T12:36:00Z') };
const host = 'example.amazonaws.com';

describe('signed', () => {
  it.each([
    ['post-vanilla', {}, '', 'host;x-amz-date', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'post-header-key-sort',
      { 'My-Header1': 'value1' },
      '',
      'host;my-header1;x-amz-date',
      'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
    ],
    [
      'post-header-value-case',
      { 'My-Header1': 'VALUE1' },
      '',
      'host;my-header1;x-amz-date',
      'cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d',
    ],
    [
      'post-x-www-form-urlencoded',
      { 'Content-Type': 'application/x-www-form-urlencoded' },
      'Param1=value1',
      'content-type;host;x-amz-date',
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
  ])('gives the signature of the published case %s', (_, headers, body, names, signature) => {
    expect(signed({ host, headers, body }, credentials, scope)).toMatchObject({
      'x-amz-date': '20150830T123600Z',
      authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
    });
  });

  it('signs the token of temporary credentials too', () => {
    const headers = signed({ host, headers: {}, body: '' }, { ...credentials, sessionToken: 'token' }, scope);

    expect(headers['x-amz-security-token']).toBe('token');
    expect(headers.authorization).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token');
  });
});

it('derives the signing key that the documentation shows', () => {
  const key = signingKey(credentials.secretAccessKey, '20150830', { region: 'us-east-1', service: 'iam' });

  expect(key.toString('hex')).toBe('c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9');
});

import { expect, it } from 'vitest';
import { detailsOf, summaryOf } from './dead-letter.ts';

const letter = {
  id: crypto.randomUUID(),
  function: 'nuclio/f',
  method: 'POST',
  path: '/a?b=1&access_token=mine&c',
  headers: [] as [string, string][],
  maxAttempts: 1,
  bytes: 0,
  createdAt: '2026-01-01T00:00:00Z',
  attempts: 1,
  failedAt: '2026-01-01T00:00:01Z',
};

it.each([
  'Authorization',
  'Proxy-Authorization',
  'Cookie',
  'X-Api-Key',
  'X-Auth-Token',
  'X-CSRF-Token',
  'X-Hub-Signature-256',
  'X-Webhook-Secret',
  'X-Session-Id',
  'X-Amz-Security-Token',
  'X-Forwarded-Client-Cert',
  'Api-Password',
])('shows that there was a header %s, and not what it held', (name) => {
  const { headers } = detailsOf({ ...letter, headers: [[name, 'mine']] }, new Uint8Array());
  expect(headers).toEqual([[name, '(hidden)']]);
});

it.each(['Content-Type', 'User-Agent', 'Accept', 'X-Own', 'Host', 'Traceparent'])('shows the header %s', (name) => {
  expect(detailsOf({ ...letter, headers: [[name, 'x']] }, new Uint8Array()).headers).toEqual([[name, 'x']]);
});

it('shows a path without what is secret in its query', () => {
  for (const { path } of [summaryOf(letter), detailsOf(letter, new Uint8Array())]) expect(path).toBe('/a?b=1&access_token=(hidden)&c');
  expect(summaryOf({ ...letter, path: '/token' }).path).toBe('/token');
});

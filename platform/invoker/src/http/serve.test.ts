import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '@ampoule/platform-api/kube/logger';
import { expect, it, onTestFinished } from 'vitest';
import { makeServer } from './serve.ts';

it('writes into the log where a request failed, but nothing of its query, which may hold a secret', async () => {
  const said: object[] = [];
  const logger = { ...silentLogger, error: (fields: object) => said.push(fields) };
  const server = makeServer(() => Promise.reject(new Error('a defect')), logger).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');

  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a/b?token=s3cret`);

  expect([response.status, await response.json()]).toEqual([500, { error: 'Internal error' }]);
  expect(said).toEqual([{ method: 'GET', path: '/a/b', reason: 'a defect' }]);
});

import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { expect, it, onTestFinished } from 'vitest';
import { leaderDesk } from './leader-desk.ts';

it('gives no warm pod, in the time that the activator waits, where the API server does not say who leads', {
  timeout: 10_000,
}, async () => {
  const api = new FakeApi();
  const client = await api.start();
  onTestFinished(() => {
    client.close();
    api.stop();
  });
  api.put('/apis/coordination.k8s.io/v1/namespaces/ampoule/leases/controller', { spec: { holderIdentity: 'other' } });
  api.beforeAnswer = () => new Promise(() => undefined);
  const candidate = { namespace: 'ampoule', name: 'controller', identity: 'this', address: '127.0.0.1' };

  expect(await leaderDesk({ client, logger, candidate, port: 1 }).bind('nuclio/f')).toBeUndefined();
});

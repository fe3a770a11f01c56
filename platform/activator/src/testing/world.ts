import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { startActivator } from '../start.ts';

const FUNCTION = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/f';

/** An activator before a function `f` that sleeps, of which each test makes the pods. */
export async function startWorld(limits: object = {}) {
  const api = new FakeApi();
  const client = await api.start();
  api.put(FUNCTION, { spec: {}, status: { state: 'scaledToZero' } });
  const settings = { namespace: 'nuclio', host: '127.0.0.1', port: 0, statusPort: 0 };
  const usual = { holdMs: 5000, maxHeldPerFunction: 10, maxHeld: 20 };
  const activator = await startActivator({ client, settings: { ...settings, limits: { ...usual, ...limits } }, logger });
  const servers: Server[] = [];

  return {
    activator,
    state: () => (api.objects.get(FUNCTION)?.status as { state?: string } | undefined)?.state,
    setState: (state: string) => api.put(FUNCTION, { status: { state } }),
    /** A pod that serves at once. */
    async pod(server = createServer((_, outgoing) => void outgoing.end())): Promise<Server> {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      servers.push(server);
      const { port } = server.address() as AddressInfo;
      api.put('/api/v1/namespaces/nuclio/pods/p', {
        metadata: { labels: { 'nuclio.io/class': 'function', 'nuclio.io/function-name': 'f' } },
        spec: { containers: [{ name: 'nuclio', ports: [{ name: 'http', containerPort: port }] }] },
        status: { phase: 'Running', podIP: '127.0.0.1' },
      });
      return server;
    },
    metrics: async () => (await fetch(`http://127.0.0.1:${activator.statusPort}/metrics`)).text(),
    async stop(): Promise<void> {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      await activator.stop();
      client.close();
      api.stop();
    },
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

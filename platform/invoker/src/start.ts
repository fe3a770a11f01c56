import { once } from 'node:events';
import type { Server } from 'node:http';
import { adminRoutes } from './http/admin.ts';
import { intakeHandler } from './http/intake.ts';
import { invocationRoutes } from './http/public.ts';
import { Room } from './http/room.ts';
import { router } from './http/routes.ts';
import { makeServer } from './http/serve.ts';
import { statusRoutes } from './http/status.ts';
import { withBearerToken, withIntakeToken } from './http/token.ts';
import { InvokerMetrics } from './metrics.ts';
import { startWork, type WorkOptions } from './work/start.ts';

/** Together with the time that calls have to end it is less than the pod has. */
const REQUEST_MS = 3000;

export type StartOptions = Omit<WorkOptions, 'metrics'>;

/** Starts the invoker, once NATS is there; `stop` ends when all calls that run have ended or are put back. */
export async function startInvoker({ settings, logger, hosts }: StartOptions) {
  const { host, ports } = settings;
  const metrics = new InvokerMetrics();
  let started: Work | undefined;
  const isReady = () => started !== undefined && !started.connection.isClosed();
  // The kubelet asks from the start on, and NATS may come later.
  const status = makeServer(router(statusRoutes({ isReady, metrics: async () => (await started?.metricsText()) ?? '' })), logger);
  await listen(status, ports.status, host);
  const found = await startWork({ settings, logger, metrics, hosts });
  started = found;
  const { invocations, deadLetters, intake } = found;
  const servers = {
    public: makeServer(router(invocationRoutes(invocations)), logger),
    admin: makeServer(
      withBearerToken(settings.tokenFile, router([...invocationRoutes(invocations), ...adminRoutes(invocations, deadLetters)])),
      logger,
    ),
    intake: makeServer(
      withIntakeToken(
        settings.intakeTokenFile,
        intakeHandler({ intake, metrics, maxBodyBytes: settings.maxBodyBytes, room: new Room(settings.intakeBytes) }),
      ),
      logger,
    ),
  };
  await Promise.all([
    listen(servers.public, ports.public, host),
    listen(servers.admin, ports.admin, host),
    listen(servers.intake, ports.intake, host),
  ]);

  return {
    ports: { public: portOf(servers.public), admin: portOf(servers.admin), intake: portOf(servers.intake), status: portOf(status) },
    async stop(): Promise<void> {
      await close(servers.intake);
      await found.stop();
      await Promise.all([servers.public, servers.admin, status].map(close));
    },
  };
}

type Work = Awaited<ReturnType<typeof startWork>>;

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

/** What is under way may end, but for those who are slow to send or to fetch. */
async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const limit = setTimeout(() => server.closeAllConnections(), REQUEST_MS);
  await closed;
  clearTimeout(limit);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

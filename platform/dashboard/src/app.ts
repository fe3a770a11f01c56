import { AmpouleError, messageOf } from '@ampoule/lib/errors';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, LogController } from 'fastify';
import { TokenCheck } from './auth.ts';
import { statusOf } from './errors.ts';
import { FunctionStore } from './function-store.ts';
import { ProjectStore } from './project-store.ts';
import { aboutRoutes } from './routes/about.ts';
import { functionRoutes } from './routes/functions.ts';
import { invocationRoutes } from './routes/invocations.ts';
import { projectRoutes } from './routes/projects.ts';
import type { Settings } from './settings.ts';

export interface AppOptions {
  client: KubeClient;
  settings: Settings;
  logger: FastifyBaseLogger | false;
}

/** Functions bring their source in the body. */
const BODY_LIMIT = 32 * 1024 * 1024;

/** The dashboard's API: Nuclio's, behind a token. */
export function makeApp({ client, settings, logger }: AppOptions): FastifyInstance {
  const app = Fastify({
    ...(logger === false ? {} : { loggerInstance: logger }),
    bodyLimit: BODY_LIMIT,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { ignoreTrailingSlash: true },
    requestTimeout: 60_000,
  }) as unknown as FastifyInstance;
  const tokens = new TokenCheck(settings.tokenFile);
  const functions = new FunctionStore(client);

  app.addHook('onRequest', async (request) => {
    if (request.url !== '/healthz') await tokens.check(request.headers.authorization);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error instanceof AmpouleError ? statusOf(error) : (error.statusCode ?? 500);
    if (status >= 500) request.log.error({ reason: messageOf(error), stack: error.stack }, 'request failed');
    return reply
      .code(status)
      .send({ error: status >= 500 && !(error instanceof AmpouleError) ? 'Internal error' : messageOf(error), errorStackTrace: '' });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'Not found', errorStackTrace: '' }));

  app.get('/healthz', async () => ({ status: 'ok' }));
  aboutRoutes(app, settings);
  functionRoutes(app, functions, settings.namespace);
  projectRoutes(app, new ProjectStore(client), settings.namespace);
  invocationRoutes(app, functions, settings.namespace);
  return app;
}

import { AmpouleError, messageOf } from '@ampoule/lib/errors';
import type { RegistryClient } from '@ampoule/lib/oci/registry';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, LogController } from 'fastify';
import { TokenCheck } from './auth.ts';
import { statusOf } from './errors.ts';
import { allowOrigins } from './http/cors.ts';
import { openApiRoute } from './http/openapi.ts';
import { type ApiRoute, registerRoutes } from './http/route.ts';
import { InvokerClient } from './invoker-client.ts';
import { aboutRoutes } from './routes/about.ts';
import { apiGatewayRoutes } from './routes/api-gateways.ts';
import { asyncInvocationRoutes } from './routes/async-invocations.ts';
import { functionAliasRoutes } from './routes/function-aliases.ts';
import { functionEventRoutes } from './routes/function-events.ts';
import { functionReplicaRoutes } from './routes/function-replicas.ts';
import { functionSourceRoutes } from './routes/function-sources.ts';
import { functionTemplateRoutes } from './routes/function-templates.ts';
import { functionVersionRoutes } from './routes/function-versions.ts';
import { functionRoutes } from './routes/functions.ts';
import { invocationRoutes } from './routes/invocations.ts';
import { projectRoutes } from './routes/projects.ts';
import { secretRoutes } from './routes/secrets.ts';
import { v3ioStreamRoutes } from './routes/v3io-streams.ts';
import type { Settings } from './settings.ts';
import { makeStores } from './stores/stores.ts';
import { TemplateStore } from './stores/template-store.ts';

export interface AppOptions {
  client: KubeClient;
  /** Keeps the source code of functions. */
  registry: RegistryClient;
  settings: Settings;
  platform: PlatformConfig;
  logger: FastifyBaseLogger | false;
}

/** Functions bring their source in the body. */
const BODY_LIMIT = 32 * 1024 * 1024;

/** The dashboard's API: Nuclio's, behind a token. */
export function makeApp(options: AppOptions): FastifyInstance {
  const { settings, logger } = options;
  const app = Fastify({
    ...(logger === false ? {} : { loggerInstance: logger }),
    bodyLimit: BODY_LIMIT,
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: 'igz-ctx',
    routerOptions: { ignoreTrailingSlash: true },
    requestTimeout: 60_000,
  }) as unknown as FastifyInstance;
  const tokens = new TokenCheck(settings.tokenFile);

  acceptJsonOfAnyType(app);
  allowOrigins(app);
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
  const routes = routesOf(options);
  registerRoutes(app, [...routes, openApiRoute(routes, settings.version)]);
  return app;
}

/** Clients of Nuclio need not say that they send JSON. */
function acceptJsonOfAnyType(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('*', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'));
}

function routesOf({ client, registry, settings, platform }: AppOptions): ApiRoute[] {
  const stores = makeStores(client, platform, settings.warmNamespace);
  const { namespace } = settings;
  const invoker = new InvokerClient(settings.invoker);
  return [
    ...functionRoutes(stores, namespace),
    ...functionReplicaRoutes(stores, namespace),
    ...functionVersionRoutes(stores, namespace),
    ...functionAliasRoutes(stores, namespace),
    ...invocationRoutes(stores.functions, { platform, defaultNamespace: namespace, invoker }),
    ...asyncInvocationRoutes(invoker, namespace),
    ...projectRoutes(stores, namespace),
    ...functionEventRoutes(stores, namespace),
    ...functionSourceRoutes(registry, namespace),
    ...functionTemplateRoutes(new TemplateStore(settings.templatesFolder)),
    ...apiGatewayRoutes(stores, namespace),
    ...secretRoutes(stores, namespace),
    ...v3ioStreamRoutes(),
    ...aboutRoutes(settings, platform),
  ];
}

import { parse } from '@ampoule/lib/parse';
import { labels } from '@ampoule/platform-api/constants';
import { type FunctionConfig, functionConfigSchema } from '@ampoule/platform-api/function';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { FunctionStore } from '../function-store.ts';
import { headerOf, headers } from '../headers.ts';

const deletionSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string().min(1, 'Function name must be provided in metadata'), namespace: z.string().optional() }),
});

const idSchema = z.object({ id: z.string() });

/** /api/functions, as in Nuclio. */
export function functionRoutes(app: FastifyInstance, store: FunctionStore, defaultNamespace: string): void {
  const namespaceOf = ({ headers: all }: FastifyRequest) => headerOf(all, headers.functionNamespace) ?? defaultNamespace;

  app.get('/api/functions', async (request) => {
    const name = headerOf(request.headers, headers.functionName);
    const project = headerOf(request.headers, headers.projectName);
    const found: Record<string, unknown> = {};
    for (const fn of await store.list(namespaceOf(request))) {
      const metadata = fn.metadata as { name: string; labels?: Record<string, string> };
      if (name !== undefined && metadata.name !== name) continue;
      if (project !== undefined && metadata.labels?.[labels.project] !== project) continue;
      found[metadata.name] = fn;
    }
    return found;
  });

  app.get('/api/functions/:id', async (request) => store.get(namespaceOf(request), idSchema.parse(request.params).id));

  app.post('/api/functions', async (request, reply) => {
    const { config, namespace } = configOf(request);
    await store.create(config, namespace);
    await waitIfAsked(request, namespace, config);
    return reply.code(202).send();
  });

  const replace = async (request: FastifyRequest): Promise<void> => {
    const { config, namespace } = configOf(request);
    await store.replace(config, namespace);
    await waitIfAsked(request, namespace, config);
  };
  for (const path of ['/api/functions', '/api/functions/:id']) {
    app.put(path, async (request, reply) => {
      await replace(request);
      return reply.code(202).send();
    });
  }

  app.delete('/api/functions', async (request, reply) => {
    const { metadata } = parse(deletionSchema, request.body ?? {}, 'the request');
    const ignoreState = headerOf(request.headers, headers.ignoreState) === 'true';
    await store.remove(metadata.namespace || namespaceOf(request), metadata.name, ignoreState);
    return reply.code(204).send();
  });

  /** The function that a request brings; the header can say its project. */
  function configOf(request: FastifyRequest): { config: FunctionConfig; namespace: string } {
    const config = parse(functionConfigSchema, request.body ?? {}, 'the function');
    const project = headerOf(request.headers, headers.projectName);
    if (project !== undefined) config.metadata.labels = { ...config.metadata.labels, [labels.project]: project };
    const namespace = config.metadata.namespace || namespaceOf(request);
    return { config, namespace };
  }

  async function waitIfAsked(request: FastifyRequest, namespace: string, { metadata }: FunctionConfig): Promise<void> {
    if (headerOf(request.headers, headers.wait) === 'true') await store.waitUntilStable(namespace, metadata.name);
  }
}

import { parseDuration } from '@ampoule/platform-api/duration';
import * as z from 'zod';
import { headers } from '../headers.ts';
import { type ApiRoute, type Call, defineRoute } from '../http/route.ts';
import type { Stores } from '../stores/stores.ts';

const logQuery = z.looseObject({
  follow: z.enum(['true', 'false']).default('true'),
  since: z
    .string()
    .refine((text) => parseDuration(text) !== undefined, 'must be a duration such as 30s or 1h')
    .optional(),
  tailLines: z.coerce.number().int().min(0).optional(),
  containerName: z.string().default('nuclio'),
});

/** /api/functions/{id}/replicas and their logs, as in Nuclio. */
export function functionReplicaRoutes({ functions, pods }: Stores, defaultNamespace: string): ApiRoute[] {
  const namespaceOf = ({ header }: Call) => header(headers.functionNamespace) ?? defaultNamespace;

  return [
    defineRoute({
      method: 'GET',
      url: '/api/functions/:id/replicas',
      summary: 'The names of the pods of a function.',
      headers: [headers.functionNamespace],
      status: 200,
      answer: z.object({ names: z.array(z.string()) }),
      failures: [404],
      async handle(call) {
        const { metadata } = await functions.get(namespaceOf(call), call.params.id ?? '');
        return { names: await pods.namesOf(metadata.namespace, metadata.name) };
      },
    }),
    defineRoute({
      method: 'GET',
      url: '/api/functions/:id/logs/:replica',
      summary: 'The log of a pod of a function, as it is written.',
      headers: [headers.functionNamespace],
      query: logQuery,
      status: 200,
      answerType: 'text/plain',
      failures: [400, 404],
      async handle(call) {
        const { follow, since, tailLines, containerName } = call.query;
        const { metadata } = await functions.get(namespaceOf(call), call.params.id ?? '');
        const options = {
          container: containerName,
          follow: follow === 'true',
          sinceSeconds: since === undefined ? undefined : Math.max(1, Math.floor((parseDuration(since) ?? 0) / 1000)),
          tailLines,
        };
        const log = await pods.logOf(metadata.namespace, metadata.name, call.params.replica ?? '', options, call.signal);
        call.reply.header('content-type', 'text/plain').header('cache-control', 'no-cache, private');
        return log;
      },
    }),
  ];
}

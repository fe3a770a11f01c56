import * as z from 'zod';
import { headers } from '../headers.ts';
import { type ApiRoute, type Call, defineRoute } from '../http/route.ts';
import type { Stores } from '../stores/stores.ts';
import { rollBack, versionsOf } from '../stores/version-store.ts';

const versionSchema = z.object({
  version: z.int(),
  createdAt: z.string(),
  /** Whether the function is this now. */
  isCurrent: z.boolean(),
  image: z.string(),
  runtime: z.string(),
  handler: z.string(),
});

/** /api/functions/{id}/versions and a way back to them; Nuclio has nothing of the kind. */
export function functionVersionRoutes({ functions }: Stores, defaultNamespace: string): ApiRoute[] {
  const namespaceOf = ({ header }: Call) => header(headers.functionNamespace) ?? defaultNamespace;

  return [
    defineRoute({
      method: 'GET',
      url: '/api/functions/:id/versions',
      summary: 'What was deployed under the name of a function, the newest first.',
      headers: [headers.functionNamespace],
      status: 200,
      answer: z.object({ versions: z.array(versionSchema) }),
      failures: [404],
      async handle(call) {
        return { versions: await versionsOf(functions, namespaceOf(call), call.params.id ?? '') };
      },
    }),
    defineRoute({
      method: 'POST',
      url: '/api/functions/:id/rollback',
      summary: 'Make a function again what it was: without a version, what it was before. Nothing is built anew.',
      headers: [headers.functionNamespace, headers.wait],
      body: z.looseObject({ version: z.int().positive().optional() }),
      status: 202,
      answer: z.object({ version: z.int() }),
      failures: [400, 404, 409, 412],
      async handle(call) {
        const name = call.params.id ?? '';
        const version = await rollBack(functions, namespaceOf(call), name, call.body.version);
        if (call.flag(headers.wait)) await functions.waitUntilStable(namespaceOf(call), name, call.signal);
        return { version };
      },
    }),
  ];
}

import { canaryFields, canarySchema, rolloutPhases } from '@ampoule/platform-api/alias';
import * as z from 'zod';
import { headers } from '../headers.ts';
import { type ApiRoute, type Call, defineRoute } from '../http/route.ts';
import { type AliasKey, AliasStore } from '../stores/alias-store.ts';
import type { Stores } from '../stores/stores.ts';

const version = z.int().positive();

const aliasViewSchema = z.object({
  name: z.string(),
  /** The API gateway that is this alias. */
  gateway: z.string(),
  version,
  previousVersion: version.optional(),
  host: z.string(),
  path: z.string(),
  /** Inside of the cluster; absent where the name of the API gateway is too long for one. */
  internalInvocationUrl: z.string().optional(),
  canary: canarySchema.optional(),
  phase: z.enum(rolloutPhases),
  /** Percentage of the calls that the canary gets now. */
  weight: z.int(),
  message: z.string(),
});

/** /api/functions/{id}/aliases: addresses that lead to versions; Nuclio has nothing of the kind. */
export function functionAliasRoutes(stores: Stores, defaultNamespace: string): ApiRoute[] {
  const aliases = new AliasStore(stores);
  const namespaceOf = ({ header }: Call) => header(headers.functionNamespace) ?? defaultNamespace;
  const keyOf = (call: Call): AliasKey => ({
    namespace: namespaceOf(call),
    functionName: call.params.id ?? '',
    alias: call.params.alias ?? '',
  });
  const shared = { headers: [headers.functionNamespace] } as const;

  return [
    defineRoute({
      ...shared,
      method: 'GET',
      url: '/api/functions/:id/aliases',
      summary: 'The aliases of a function, with the versions and shares that they lead to.',
      status: 200,
      answer: z.object({ aliases: z.array(aliasViewSchema) }),
      failures: [404],
      handle: async (call) => ({ aliases: await aliases.list(namespaceOf(call), call.params.id ?? '') }),
    }),
    defineRoute({
      ...shared,
      method: 'PUT',
      url: '/api/functions/:id/aliases/:alias',
      summary: 'Create an alias, or lead it to another version; what is left out stays as it is.',
      body: z.looseObject({ version: version.optional(), host: z.string().optional(), path: z.string().optional() }),
      status: 200,
      answer: aliasViewSchema,
      failures: [400, 404, 409, 412],
      handle: (call) => aliases.put(keyOf(call), call.body),
    }),
    defineRoute({
      ...shared,
      method: 'DELETE',
      url: '/api/functions/:id/aliases/:alias',
      summary: 'Remove an alias; one that is not there is as good as removed.',
      status: 204,
      failures: [404],
      handle: (call) => aliases.remove(keyOf(call)),
    }),
    defineRoute({
      ...shared,
      method: 'POST',
      url: '/api/functions/:id/aliases/:alias/canary',
      summary: 'Give a version, the newest by default, a share of the calls that grows while few of them fail.',
      body: z.looseObject({ version: version.optional(), ...canaryFields }),
      status: 202,
      answer: aliasViewSchema,
      failures: [400, 404, 409, 412],
      handle: (call) => aliases.startCanary(keyOf(call), call.body),
    }),
    defineRoute({
      ...shared,
      method: 'POST',
      url: '/api/functions/:id/aliases/:alias/promote',
      summary: 'Give all calls to the canary at once.',
      status: 202,
      answer: aliasViewSchema,
      failures: [404, 409, 412],
      handle: (call) => aliases.promote(keyOf(call)),
    }),
    defineRoute({
      ...shared,
      method: 'POST',
      url: '/api/functions/:id/aliases/:alias/rollback',
      summary: 'End the canary; without one, lead the alias to the version before.',
      status: 202,
      answer: aliasViewSchema,
      failures: [404, 409, 412],
      handle: (call) => aliases.rollBack(keyOf(call)),
    }),
  ];
}

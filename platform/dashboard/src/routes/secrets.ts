import { dnsLabel } from '@ampoule/platform-api/metadata';
import * as z from 'zod';
import { invalidRequest } from '../errors.ts';
import { headers } from '../headers.ts';
import { type ApiRoute, type Call, defineRoute } from '../http/route.ts';
import { targetSchema } from '../http/schemas.ts';
import type { Stores } from '../stores/stores.ts';

const MISSING = 'Secret name must be provided in metadata';
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

const viewSchema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string(), creationTimestamp: z.string().optional() }),
  spec: z.object({ keys: z.array(z.string()) }),
  status: z.object({ functions: z.array(z.string()) }),
});
const secretSchema = z.looseObject({
  metadata: z.looseObject({ name: dnsLabel(MISSING), namespace: z.string().optional() }),
  spec: z.looseObject({
    data: z
      .record(z.string().regex(KEY, 'must be letters, digits, dots, dashes and underscores'), z.base64({ error: 'must be base64' }))
      .describe('Values in base64, by their keys.'),
  }),
});
type Given = z.output<typeof secretSchema>;

/** /api/secrets: what functions get as variables or files. Nuclio has nothing of the kind. */
export function secretRoutes({ secrets }: Stores, defaultNamespace: string): ApiRoute[] {
  const namespaceOf = ({ header }: Call) => header(headers.secretNamespace) ?? defaultNamespace;
  const draftOf = (call: Call<unknown, Given>) => {
    const { metadata, spec } = call.body;
    return { name: metadata.name, namespace: metadata.namespace || namespaceOf(call), data: spec.data };
  };

  return [
    defineRoute({
      method: 'GET',
      url: '/api/secrets',
      summary: 'List the secrets that functions can have, by their names; without their values.',
      headers: [headers.secretNamespace],
      status: 200,
      answer: z.record(z.string(), viewSchema),
      async handle(call) {
        const found = await secrets.list(namespaceOf(call));
        return Object.fromEntries(found.map((secret) => [secret.metadata.name, secret]));
      },
    }),
    defineRoute({
      method: 'GET',
      url: '/api/secrets/:id',
      summary: 'One secret, without its values.',
      headers: [headers.secretNamespace],
      status: 200,
      answer: viewSchema,
      failures: [404],
      handle: (call) => secrets.get(namespaceOf(call), call.params.id ?? ''),
    }),
    defineRoute({
      method: 'POST',
      url: '/api/secrets',
      summary: 'Keep a secret for functions.',
      headers: [headers.secretNamespace],
      body: secretSchema,
      status: 201,
      answer: viewSchema,
      failures: [400, 404, 409],
      handle: (call) => secrets.create(draftOf(call)),
    }),
    defineRoute({
      method: 'PUT',
      url: '/api/secrets/:id',
      summary: 'Replace all values of a secret. Functions that have them as variables see them with their next deploy.',
      headers: [headers.secretNamespace],
      body: secretSchema,
      status: 204,
      failures: [400, 404, 409],
      async handle(call) {
        const draft = draftOf(call);
        if (draft.name !== call.params.id) throw invalidRequest(`Secret name ${draft.name} in metadata differs from that in the path`);
        await secrets.replace(draft);
      },
    }),
    defineRoute({
      method: 'DELETE',
      url: '/api/secrets',
      summary: 'Remove a secret that no function has; one that is not there is as good as removed.',
      headers: [headers.secretNamespace],
      body: targetSchema(MISSING),
      status: 204,
      failures: [400, 412],
      async handle(call) {
        await secrets.remove(call.body.metadata.namespace || namespaceOf(call), call.body.metadata.name);
      },
    }),
  ];
}

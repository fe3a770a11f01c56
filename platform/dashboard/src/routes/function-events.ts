import { randomUUID } from 'node:crypto';
import { labels } from '@ampoule/platform-api/constants';
import { functionEventSchema } from '@ampoule/platform-api/function-event';
import * as z from 'zod';
import { invalidRequest } from '../errors.ts';
import { headers } from '../headers.ts';
import { type ApiRoute, type Call, defineRoute } from '../http/route.ts';
import { targetSchema } from '../http/schemas.ts';
import { eventDraftOf } from '../stores/function-event-store.ts';
import { byName, storedSchema } from '../stores/resource-store.ts';
import type { Stores } from '../stores/stores.ts';

const { metadata } = functionEventSchema.shape;
const newEventSchema = functionEventSchema.extend({
  metadata: metadata.extend({ name: metadata.shape.name.or(z.literal('')).optional() }),
});

/** /api/function_events, as in Nuclio. */
export function functionEventRoutes({ events }: Stores, defaultNamespace: string): ApiRoute[] {
  const namespaceOf = ({ header }: Call) => header(headers.eventNamespace) ?? defaultNamespace;

  return [
    defineRoute({
      method: 'GET',
      url: '/api/function_events',
      summary: 'List events by their names.',
      headers: [headers.eventNamespace, headers.eventName, headers.functionName],
      status: 200,
      answer: z.record(z.string(), storedSchema),
      failures: [400],
      async handle(call) {
        const owner = call.header(headers.functionName);
        const name = call.header(headers.eventName);
        const found = await (owner === undefined ? events.list(namespaceOf(call)) : events.listOf(namespaceOf(call), owner));
        const wanted = found.filter((event) => name === undefined || event.metadata.name === name);
        return byName(wanted, (event) => event);
      },
    }),
    defineRoute({
      method: 'GET',
      url: '/api/function_events/:id',
      summary: 'One event.',
      headers: [headers.eventNamespace],
      status: 200,
      answer: storedSchema,
      failures: [404],
      handle: (call) => events.get(namespaceOf(call), call.params.id ?? ''),
    }),
    defineRoute({
      method: 'POST',
      url: '/api/function_events',
      summary: 'Keep an event; without a name it gets one of its own.',
      headers: [headers.eventNamespace],
      body: newEventSchema,
      status: 201,
      answer: storedSchema,
      failures: [400, 409],
      handle(call) {
        const name = call.body.metadata.name || randomUUID();
        ensureOwner(call.body.metadata.labels);
        const event = { ...call.body, metadata: { ...call.body.metadata, name } };
        return events.create(eventDraftOf(event, event.metadata.namespace || namespaceOf(call)));
      },
    }),
    defineRoute({
      method: 'PUT',
      url: '/api/function_events',
      summary: 'Replace the event that the body names.',
      headers: [headers.eventNamespace],
      body: functionEventSchema,
      status: 204,
      failures: [400, 404, 409],
      async handle(call) {
        ensureOwner(call.body.metadata.labels);
        const draft = eventDraftOf(call.body, call.body.metadata.namespace || namespaceOf(call));
        await events.update(draft.metadata.namespace, draft.metadata.name, () => draft);
      },
    }),
    defineRoute({
      method: 'DELETE',
      url: '/api/function_events',
      summary: 'Remove an event; one that is not there is as good as removed.',
      headers: [headers.eventNamespace],
      body: targetSchema('Function event name must be provided in metadata'),
      status: 204,
      failures: [400],
      async handle(call) {
        await events.remove(call.body.metadata.namespace || namespaceOf(call), call.body.metadata.name);
      },
    }),
  ];
}

function ensureOwner(all: Record<string, string> | null | undefined): void {
  if (!all?.[labels.function]) throw invalidRequest(`Function name must be provided in the label ${labels.function}`);
}

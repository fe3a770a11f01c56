import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import * as z from 'zod';

const attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .transform((all) => Object.fromEntries(all.map(({ key, value }) => [key, Object.values(value)[0]])));

const bodySchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string().regex(/^[0-9a-f]{32}$/),
              spanId: z.string().regex(/^[0-9a-f]{16}$/),
              parentSpanId: z.string().optional(),
              traceState: z.string().optional(),
              name: z.string(),
              kind: z.number(),
              startTimeUnixNano: z.string().regex(/^\d{19}$/),
              endTimeUnixNano: z.string().regex(/^\d{19}$/),
              attributes,
              status: z.object({ code: z.number() }).optional(),
            }),
          ),
        }),
      ),
    }),
  ),
});
export type ReceivedSpan = z.output<typeof bodySchema>['resourceSpans'][number]['scopeSpans'][number]['spans'][number];

/** A receiver of OTLP over HTTP in JSON, until the test ends. `answer` gives the status for each request. */
export async function runCollector(answer: () => number = () => 200) {
  const spans: ReceivedSpan[] = [];
  const resources: Record<string, unknown>[] = [];
  const paths: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const status = answer();
    paths.push(`${request.method} ${request.url}`);
    if (status === 200) {
      for (const { resource, scopeSpans } of bodySchema.parse(JSON.parse(Buffer.concat(chunks).toString())).resourceSpans) {
        resources.push(resource.attributes);
        for (const each of scopeSpans) spans.push(...each.spans);
      }
    }
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, resources, paths };
}

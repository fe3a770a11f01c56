import * as z from 'zod/mini';
import type { Answer } from '../../engine/event.ts';

/** Defaults are those of Nuclio's code. */
export const corsSchema = z.object({
  enabled: z._default(z.boolean(), false),
  allowOrigins: z._default(z.array(z.string()), ['*']),
  allowMethods: z._default(z.array(z.string()), ['HEAD', 'GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']),
  allowHeaders: z._default(z.array(z.string()), ['Accept', 'Content-Length', 'Content-Type', 'Authorization', 'X-Nuclio-Log-Level']),
  exposeHeaders: z._default(z.array(z.string()), []),
  allowCredentials: z._default(z.boolean(), false),
  preflightMaxAgeSeconds: z._default(z.int(), -1),
});
export type Cors = z.output<typeof corsSchema>;

const EMPTY = Buffer.alloc(0);

/** Header lines of the answer to a request from another origin; undefined where that origin is not allowed. */
export function corsHead(cors: Cors, origin: string): string | undefined {
  const allowed = allowedOrigin(cors, origin);
  if (allowed === undefined) return undefined;
  const credentials = cors.allowCredentials ? 'access-control-allow-credentials: true\r\n' : '';
  const exposed = cors.exposeHeaders.length > 0 ? `access-control-expose-headers: ${cors.exposeHeaders.join(', ')}\r\n` : '';
  return `access-control-allow-origin: ${allowed}\r\nvary: Origin\r\n${credentials}${exposed}`;
}

/** The answer to a preflight: 200 where everything that it asks for is allowed, else 400. */
export function preflightAnswer(cors: Cors, origin: string, wanted: { method: string; headers: string }): Answer {
  const head = corsHead(cors, origin);
  const allowedHeaders = new Set(cors.allowHeaders.map((each) => each.toLowerCase()));
  const headers = wanted.headers.split(',').map((each) => each.trim().toLowerCase());
  const isAllowed =
    head !== undefined && cors.allowMethods.includes(wanted.method) && headers.every((each) => each === '' || allowedHeaders.has(each));
  if (!isAllowed) return { status: 400, head: 'vary: Origin\r\n', body: EMPTY, duration: 0 };
  const age = cors.preflightMaxAgeSeconds >= 0 ? `access-control-max-age: ${cors.preflightMaxAgeSeconds}\r\n` : '';
  const methods = `access-control-allow-methods: ${cors.allowMethods.join(', ')}\r\n`;
  const names = `access-control-allow-headers: ${cors.allowHeaders.join(', ')}\r\n`;
  return { status: 200, head: `${head}${methods}${names}${age}`, body: EMPTY, duration: 0 };
}

/** Browsers do not take `*` for requests with credentials. */
function allowedOrigin({ allowOrigins, allowCredentials }: Cors, origin: string): string | undefined {
  if (allowOrigins.includes('*')) return allowCredentials ? origin : '*';
  return allowOrigins.includes(origin) ? origin : undefined;
}

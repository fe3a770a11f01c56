import type { FastifyInstance } from 'fastify';
import { headers } from '../headers.ts';

const MAX_AGE_SECONDS = 300;

/**
 * Lets pages of any origin call the API, as Nuclio does. The token is a header that a page has to know,
 * so no page can use somebody else's; cookies are not allowed, since there are none.
 */
export function allowOrigins(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers.origin === undefined) return;
    reply.header('access-control-allow-origin', '*').header('access-control-expose-headers', `Content-Length, ${headers.logs}`);
    const method = request.headers['access-control-request-method'];
    if (request.method !== 'OPTIONS' || method === undefined) return;
    return reply
      .header('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE, OPTIONS')
      .header('access-control-allow-headers', request.headers['access-control-request-headers'] ?? '*')
      .header('access-control-max-age', String(MAX_AGE_SECONDS))
      .code(204)
      .send();
  });
}

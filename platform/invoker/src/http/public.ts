import type { Invocations } from '../invocations.ts';
import { path, type Route } from './routes.ts';

/** A page that a function answered with must not act in the name of the site that it is fetched from. */
const HARMLESS = { 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' };
const PRIVATE = { 'cache-control': 'no-store' };

/** What is known of one invocation. Ids cannot be guessed: who has one may ask. */
export function invocationRoutes(invocations: Invocations): Route[] {
  return [
    {
      method: 'GET',
      path: path('/invocations/:id'),
      handle: async ({ id }) => ({ status: 200, headers: PRIVATE, body: await invocations.show(id) }),
    },
    {
      method: 'GET',
      path: path('/invocations/:id/result'),
      handle: async ({ id }) => {
        const { statusCode, headers, body } = await invocations.result(id);
        return { status: statusCode, headers: { ...headers, ...HARMLESS, ...PRIVATE, 'x-ampoule-invocation-id': id }, body };
      },
    },
    {
      method: 'DELETE',
      path: path('/invocations/:id'),
      handle: async ({ id }) => ({ status: 200, headers: PRIVATE, body: await invocations.cancel(id) }),
    },
  ];
}

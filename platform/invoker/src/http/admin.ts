import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';
import type { DeadLetters } from '../dead-letters.ts';
import type { Invocations } from '../invocations.ts';
import { functionSchema } from '../job.ts';
import type { Listed } from '../listed.ts';
import type { Page } from '../store/page.ts';
import { path, type Route } from './routes.ts';
import type { Reply } from './serve.ts';

const USUAL_LIST = 100;
const LONGEST_LIST = 1000;

const querySchema = z.object({
  function: functionSchema.optional(),
  limit: z.coerce.number().int().min(1).max(LONGEST_LIST).default(USUAL_LIST),
  continue: z.coerce.number().int().positive().optional(),
});

function listedOf(query: URLSearchParams): Listed {
  const { continue: before, ...rest } = parse(querySchema, Object.fromEntries(query), 'The query');
  return { ...rest, before };
}

/** A page, with what to ask for to get the next one. */
function listOf(name: string, { items, next }: Page<object>): Reply {
  return { status: 200, body: { [name]: items, ...(next === undefined ? {} : { continue: String(next) }) } };
}

/** Lists, and what was given up: for the dashboard, which asks its callers for a token. */
export function adminRoutes(invocations: Invocations, deadLetters: DeadLetters): Route[] {
  return [
    {
      method: 'GET',
      path: path('/invocations'),
      handle: async ({ query }) => listOf('invocations', await invocations.list(listedOf(query))),
    },
    {
      method: 'GET',
      path: path('/dead-letters'),
      handle: async ({ query }) => listOf('deadLetters', await deadLetters.list(listedOf(query))),
    },
    { method: 'GET', path: path('/dead-letters/:id'), handle: async ({ id }) => ({ status: 200, body: await deadLetters.show(id) }) },
    {
      method: 'DELETE',
      path: path('/dead-letters/:id'),
      handle: async ({ id }) => {
        await deadLetters.remove(id);
        return { status: 204 };
      },
    },
    {
      method: 'POST',
      path: path('/dead-letters/:id/redrive'),
      handle: async ({ id }) => ({ status: 202, body: await deadLetters.redrive(id) }),
    },
  ];
}

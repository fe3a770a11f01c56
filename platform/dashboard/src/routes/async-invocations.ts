import * as z from 'zod';
import { headers } from '../headers.ts';
import { type ApiRoute, type Call, defineRoute, type Method } from '../http/route.ts';
import { failureOf, type InvokerClient, jsonOf } from '../invoker-client.ts';

const FIRST_FAILURE = 400;
/** Says that an answer is a function's and not the invoker's own. */
const OF_FUNCTION = 'x-ampoule-invocation-id';
/** By these the invoker keeps a page from acting in the name of this site. */
const HARMLESS: readonly string[] = ['content-security-policy', 'x-content-type-options'];
const PASSED_ON: readonly string[] = ['content-type', 'content-language', 'content-disposition', 'location', ...HARMLESS, OF_FUNCTION];

const invocationSchema = z.looseObject({
  id: z.string(),
  function: z.string(),
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  attempts: z.int(),
  maxAttempts: z.int(),
  createdAt: z.string(),
});
const deadLetterSchema = z.looseObject({ id: z.string(), function: z.string(), attempts: z.int(), failedAt: z.string() });
const querySchema = z.object({
  function: z.string().optional().describe('NAME, or NAMESPACE/NAME; all functions when absent.'),
  limit: z
    .string()
    .regex(/^\d{1,4}$/, 'must be a number')
    .optional(),
  continue: z.string().optional().describe('That of the answer before, for what comes after it.'),
});
const continuation = z.string().optional().describe('Shown as the parameter of this name it brings what comes next; absent at the end.');

/** /api/invocations and /api/dead_letters: what the invoker keeps, for who has the token. */
export function asyncInvocationRoutes(invoker: InvokerClient, defaultNamespace: string): ApiRoute[] {
  async function pass({ reply }: Call, method: Method, path: string): Promise<unknown> {
    const answer = await invoker.ask(method, path);
    reply.code(answer.status);
    return answer.status >= FIRST_FAILURE ? failureOf(answer) : answer.body.length === 0 ? undefined : jsonOf(answer.body);
  }

  function queryOf({ query, header }: Call<z.output<typeof querySchema>>): string {
    const { function: named, limit, continue: place } = query;
    const namespace = header(headers.functionNamespace) ?? defaultNamespace;
    const wanted = {
      ...(named === undefined ? {} : { function: named.includes('/') ? named : `${namespace}/${named}` }),
      ...(limit === undefined ? {} : { limit }),
      ...(place === undefined ? {} : { continue: place }),
    };
    return new URLSearchParams(wanted).toString();
  }

  const idOf = ({ params }: Call) => encodeURIComponent(params.id ?? '');
  const common = { failures: [400, 404, 409, 503] };

  return [
    defineRoute({
      ...common,
      method: 'GET',
      url: '/api/invocations',
      summary: 'Asynchronous invocations; what changed last comes first.',
      headers: [headers.functionNamespace],
      query: querySchema,
      status: 200,
      answer: z.object({ invocations: z.array(invocationSchema), continue: continuation }),
      handle: (call) => pass(call, 'GET', `/invocations?${queryOf(call)}`),
    }),
    defineRoute({
      ...common,
      method: 'GET',
      url: '/api/invocations/:id',
      summary: 'What is known of an asynchronous invocation.',
      status: 200,
      answer: invocationSchema,
      handle: (call) => pass(call, 'GET', `/invocations/${idOf(call)}`),
    }),
    defineRoute({
      ...common,
      method: 'GET',
      url: '/api/invocations/:id/result',
      summary: 'The answer of the function as it was: status, type and body are its own.',
      status: 200,
      answerType: '*/*',
      failures: [...common.failures, 502, 504],
      async handle(call) {
        const answer = await invoker.ask('GET', `/invocations/${idOf(call)}/result`);
        call.reply.code(answer.status);
        if (!answer.headers.has(OF_FUNCTION)) return failureOf(answer);
        for (const name of PASSED_ON) {
          const value = answer.headers.get(name);
          if (value !== null) call.reply.header(name, value);
        }
        return answer.body;
      },
    }),
    defineRoute({
      ...common,
      method: 'DELETE',
      url: '/api/invocations/:id',
      summary: 'Cancel an asynchronous invocation: it does not run, or its call is broken off.',
      status: 200,
      answer: invocationSchema,
      handle: (call) => pass(call, 'DELETE', `/invocations/${idOf(call)}`),
    }),
    defineRoute({
      ...common,
      method: 'GET',
      url: '/api/dead_letters',
      summary: 'Asynchronous invocations that were given up, the newest first.',
      headers: [headers.functionNamespace],
      query: querySchema,
      status: 200,
      answer: z.object({ deadLetters: z.array(deadLetterSchema), continue: continuation }),
      handle: (call) => pass(call, 'GET', `/dead-letters?${queryOf(call)}`),
    }),
    defineRoute({
      ...common,
      method: 'GET',
      url: '/api/dead_letters/:id',
      summary: 'A dead letter with its request.',
      status: 200,
      answer: deadLetterSchema,
      handle: (call) => pass(call, 'GET', `/dead-letters/${idOf(call)}`),
    }),
    defineRoute({
      ...common,
      method: 'DELETE',
      url: '/api/dead_letters/:id',
      summary: 'Remove a dead letter.',
      status: 204,
      handle: (call) => pass(call, 'DELETE', `/dead-letters/${idOf(call)}`),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      url: '/api/dead_letters/:id/redrive',
      summary: 'Have a dead letter tried again, under its id and with all its attempts.',
      status: 202,
      answer: z.looseObject({ id: z.string(), state: z.literal('queued') }),
      handle: (call) => pass(call, 'POST', `/dead-letters/${idOf(call)}/redrive`),
    }),
  ];
}

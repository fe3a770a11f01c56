import { parse } from '@ampoule/lib/parse';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { type HeaderName, headerOf } from '../headers.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/** A request, parsed, as a handler sees it. */
export interface Call<Query = unknown, Body = unknown> {
  params: Record<string, string>;
  query: Query;
  body: Body;
  header(name: HeaderName): string | undefined;
  /** Whether a header says `true`. */
  flag(name: HeaderName): boolean;
  /** Aborted when the caller goes away. */
  signal: AbortSignal;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** One method of one path: how it is served and how it is documented are the same object. */
export interface ApiRoute<Query extends z.ZodType = z.ZodType, Body extends z.ZodType = z.ZodType> {
  method: Method;
  /** As Fastify writes it, for example /api/functions/:id. */
  url: string;
  summary: string;
  headers?: readonly HeaderName[];
  query?: Query;
  body?: Body;
  /** The status of a success. */
  status: number;
  answer?: z.ZodType;
  answerType?: 'application/json' | 'text/plain' | '*/*';
  /** Statuses of failures beside 401 and 500. */
  failures?: readonly number[];
  /** The body is passed on as it comes, unparsed. */
  isRaw?: boolean;
  handle(call: Call<z.output<Query>, z.output<Body>>): Promise<unknown>;
}

/** Infers the types of a route's query and body, then forgets them. */
export function defineRoute<Query extends z.ZodType = z.ZodType, Body extends z.ZodType = z.ZodType>(
  route: ApiRoute<Query, Body>,
): ApiRoute {
  return route;
}

const paramsSchema = z.record(z.string(), z.string());

export function registerRoutes(app: FastifyInstance, routes: readonly ApiRoute[]): void {
  for (const route of routes) if (route.isRaw !== true) register(app, route);
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    for (const route of routes) if (route.isRaw === true) register(scope, route);
  });
}

function register(app: FastifyInstance, route: ApiRoute): void {
  app.route({
    method: route.method,
    url: route.url,
    handler: async (request, reply) => {
      const answer = await route.handle({
        params: paramsSchema.parse(request.params),
        query: route.query === undefined ? undefined : parse(route.query, request.query, 'The query'),
        body: route.body === undefined ? undefined : parse(route.body, request.body ?? {}, 'The body'),
        header: (name) => headerOf(request.headers, name),
        flag: (name) => headerOf(request.headers, name) === 'true',
        signal: signalOf(reply),
        request,
        reply,
      });
      if (reply.statusCode === 200) reply.code(route.status);
      return reply.send(answer);
    },
  });
}

function signalOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

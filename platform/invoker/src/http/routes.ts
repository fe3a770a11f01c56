import type { Handler, Reply } from './serve.ts';

/** What is asked for, without what its route knows already. */
export interface Asked {
  /** What the parentheses of the path matched. */
  id: string;
  query: URLSearchParams;
}

export interface Route {
  method: string;
  path: RegExp;
  handle: (asked: Asked) => Promise<Reply>;
}

const UUID = '([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})';

/** The path of a route; `:id` stands for the id of an invocation. */
export function path(text: string): RegExp {
  return new RegExp(`^${text.replace(':id', UUID)}$`);
}

/** Serves routes. What is no id of an invocation is not found, as one that is not there. */
export function router(routes: readonly Route[]): Handler {
  return async ({ method, url = '/' }) => {
    const [pathname = '', query] = url.split('?', 2);
    const found = routes.flatMap((route) => {
      const match = route.path.exec(pathname);
      return match === null ? [] : [{ route, id: match[1] ?? '' }];
    });
    const exact = found.find(({ route }) => route.method === method);
    if (exact !== undefined) return exact.route.handle({ id: exact.id, query: new URLSearchParams(query) });
    if (found.length === 0) return { status: 404, body: { error: 'Not found', code: 'AMP_INVOKER_NOT_FOUND' } };
    const allow = found.map(({ route }) => route.method).join(', ');
    return { status: 405, headers: { allow }, body: { error: `Only ${allow} can be asked of it` } };
  };
}

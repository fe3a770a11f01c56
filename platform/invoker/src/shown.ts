/** Names of headers and of parts of a query by which callers show who they are. */
const SECRET = /auth|cert|cookie|credential|csrf|jwt|key|passw|secret|session|signature|token/i;
const HIDDEN = '(hidden)';

/** The value of a header, where everybody may see it. */
export function shownHeader(name: string, value: string): string {
  return SECRET.test(name) ? HIDDEN : value;
}

/** A path or a URL without what is secret in its query. */
export function shownPath(path: string): string {
  return path.replace(/([?&])([^=&]*)=([^&]*)/g, (all, mark: string, name: string) =>
    SECRET.test(name) ? `${mark}${name}=${HIDDEN}` : all,
  );
}

/** Where a callback goes. A secret may stand under any name in its query, and in what has no name, so none of the values is shown. */
export function shownCallback(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search.replace(/([?&])([^=&]*=)?[^&]+/g, (_, mark: string, name = '') => `${mark}${name}${HIDDEN}`)}`;
}

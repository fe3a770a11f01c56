import type { IncomingHttpHeaders } from 'node:http';

const TARGET = 'x-nuclio-target';
/** Names of Services: `nuclio-NAME`, with or without namespace and domain, and a port. */
const SERVICE = /^nuclio-([a-z0-9][a-z0-9-]*)(?:[.:]|$)/;

/** The function that a request is for: the gateway names it, and callers in the cluster call its Service by name. */
export function targetOf(headers: IncomingHttpHeaders): string | undefined {
  const named = headers[TARGET];
  const [first] = (typeof named === 'string' ? named : '').split(',');
  if (first !== undefined && first.trim() !== '') return first.trim();
  return SERVICE.exec(headers.host ?? '')?.[1];
}

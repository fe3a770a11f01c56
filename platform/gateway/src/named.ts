import { createHash } from 'node:crypto';

export interface Named {
  /** Differs whenever the rest does; Caddy tells by it what is in force. */
  id: string;
  json: string;
}

/** Something by a name that its content gives it. */
export function named(make: (id: string) => object): Named {
  const id = createHash('sha256')
    .update(JSON.stringify(make('')))
    .digest('hex')
    .slice(0, 16);
  return { id, json: JSON.stringify(make(id)) };
}

import { messageOf } from '@ampoule/lib/errors';

/** A copy of anything that JSON can hold: what it cannot is named by a text, and each object is in it once, so that it has an end. */
export function plainValueOf(value: unknown, seen = new Set<object>()): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Error) return stackOf(value);
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return '[seen before]';
  seen.add(value);
  try {
    if ('toJSON' in value && typeof value.toJSON === 'function') return plainValueOf(value.toJSON(), seen);
    if (Array.isArray(value)) return value.map((each) => plainValueOf(each, seen));
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plainValueOf(each, seen)]));
  } catch (error) {
    return `[${messageOf(error)}]`;
  }
}

export function stackOf(error: Error): string {
  return error.stack ?? error.message;
}

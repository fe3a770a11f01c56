/** Headers that belong to one connection: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/**
 * Headers that say where a message ends, how its body is to be read, or whom it is for. `Connection` must not name such, and without them one
 * that does would be another message to the next one: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
 */
const OF_THE_MESSAGE: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'content-range',
  'x-nuclio-target',
]);

/** The headers that go on to the next one, of a list of names and values; `Connection` may name more that do not. */
export function endToEnd(raw: readonly string[], without: ReadonlySet<string> = new Set()): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < raw.length; i += 2) pairs.push([raw[i] ?? '', raw[i + 1] ?? '']);
  const named = pairs.filter(([name]) => name.toLowerCase() === 'connection').flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/));
  return pairs.filter(([name]) => {
    const small = name.toLowerCase();
    const isOfConnection = HOP_BY_HOP.has(small) || (named.includes(small) && !OF_THE_MESSAGE.has(small));
    return !isOfConnection && !without.has(small);
  });
}

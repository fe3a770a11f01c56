import { parseDuration } from '@ampoule/platform-api/duration';

interface Payload {
  issues: { push(issue: { code: 'custom'; message: string; input: unknown }): unknown };
}

/** The milliseconds of a duration as Go writes it, for transforms of schemas. */
export function millisecondsOf(text: string, { issues }: Payload): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  issues.push({ code: 'custom', message: `must be a duration such as 1m30s, not ${text}`, input: text });
  return Number.NaN;
}

/** Gathers the values of a flag that is repeated. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** Other names that Nuclio has for a kind. */
const aliases: Record<string, string> = { kafka: 'kafka-cluster', rabbitMq: 'rabbit-mq' };

/** The name of a kind of triggers by which it is known here. */
export function kindOf(kind: string): string {
  return aliases[kind] ?? kind;
}

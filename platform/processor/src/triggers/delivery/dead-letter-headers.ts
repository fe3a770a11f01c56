import type { TriggerContext } from '../trigger.ts';

/** What a dead letter says about itself, beside the headers that it had. */
export function deadLetterHeaders(
  { namespace, functionName, name }: TriggerContext,
  reason: string,
  source: string,
): Record<string, string> {
  return {
    'x-dead-letter-reason': reason,
    'x-dead-letter-function': `${namespace}/${functionName}`,
    'x-dead-letter-trigger': name,
    'x-dead-letter-source': source,
    'x-dead-letter-time': new Date().toISOString(),
  };
}

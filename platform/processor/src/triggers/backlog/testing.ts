import type { Trigger } from '../../function-config.ts';
import type { BacklogQuestion } from './backlog.ts';

/** What is asked for the trigger that `Bench` makes of the same configuration. */
export function questionOf(config: Trigger): BacklogQuestion {
  return { config, name: 'events', namespace: 'test-space', functionName: 'counter' };
}

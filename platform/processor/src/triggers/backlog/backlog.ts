import type { TriggerContext } from '../trigger.ts';

/** A trigger of a function, as far as it has to be known to ask its broker. */
export type BacklogQuestion = Pick<TriggerContext, 'config' | 'name' | 'namespace' | 'functionName' | 'annotations'>;

/** Asks brokers of a kind how much waits for a trigger, and takes nothing of it. */
export interface Backlog {
  /**
   * How many messages wait, or are with somebody. One where the trigger has to make or to note first what it goes on from.
   * @throws where it cannot be said, such as AMP_TRIGGER_BACKLOG
   */
  ask(question: BacklogQuestion): Promise<number>;
  /** Closes its connections. */
  stop(): Promise<void>;
}

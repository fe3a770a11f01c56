import type { AnswerParts } from '../../engine/frames.ts';
import type { AnyEvent } from './event.ts';
import { failureOf, type Output, outputOf, Response } from './response.ts';

/**
 * Maps what a handler gave for a list of events to an answer for each. Answers that carry an event_id go to that event; a list without
 * any is in the order of the events; anything else is the one answer to all.
 */
export function batchOutputs(output: unknown, events: readonly AnyEvent[]): Output | Output[] {
  if (!Array.isArray(output)) return wholeOutput(output);
  const byId = new Map<unknown, unknown>();
  for (const each of output) if (idOf(each) !== undefined) byId.set(idOf(each), each);
  if (byId.size === 0) return events.map((_, i) => (i < output.length ? wholeOutput(output[i]) : missing()));
  return events.map((event) => (byId.has(event.id) ? wholeOutput(byId.get(event.id)) : missing()));
}

export function withDuration(outputs: readonly Output[], duration: number): AnswerParts[] {
  return outputs.map((output) => ({ ...output, duration }));
}

function wholeOutput(value: unknown): Output {
  const output = outputOf(value);
  if (output.stream !== undefined) throw new TypeError('An answer to an event of a batch cannot come in pieces');
  return output;
}

function idOf(value: unknown): unknown {
  return value instanceof Response ? value.eventId : undefined;
}

function missing(): Output {
  return failureOf('the handler gave no answer to this event of the batch');
}

import { codeOf, messageOf } from '@ampoule/lib/errors';
import type { Answer, Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import type { QualifiedOffset, WorkerSignal, Workers } from '../../engine/workers.ts';
import { decodeCloudEvents } from './cloudevents.ts';

/** Workers that get CloudEvents as handlers shall see them. What is none goes through as it is. */
export class CloudEventWorkers implements Workers {
  readonly #workers: Workers;

  constructor(workers: Workers) {
    this.#workers = workers;
  }

  get pending(): number {
    return this.#workers.pending;
  }

  submit(event: Event, settle: (answer: Answer) => void): void {
    const decoded = decode(event);
    if (decoded === undefined) this.#workers.submit(event, settle);
    else if (Array.isArray(decoded)) this.#submitAll(decoded, settle);
    else settle(decoded);
  }

  submitBatch(events: readonly Event[], settle: (answers: readonly Answer[]) => void): void {
    const decoded = events.map(decode);
    if (decoded.every((each) => each === undefined)) this.#workers.submitBatch(events, settle);
    else
      this.#submitParts(
        decoded.map((each, index) => each ?? events.slice(index, index + 1)),
        settle,
      );
  }

  control(kind: WorkerSignal): Promise<void> {
    return this.#workers.control(kind);
  }

  onAck(listener: (ack: QualifiedOffset) => void): void {
    this.#workers.onAck(listener);
  }

  #submitAll(events: readonly Event[], settle: (answer: Answer) => void): void {
    if (events.length === 0) settle(worstOf([]));
    const answers: Answer[] = [];
    const takesStream = events.length === 1 && events[0]?.takesStream === true;
    for (const each of events) {
      // Of several answers one is passed on, and the pieces of the others would wait for a reader for ever.
      this.#workers.submit({ ...each, takesStream }, (answer) => {
        answers.push(answer);
        if (answers.length === events.length) settle(worstOf(answers));
      });
    }
  }

  /** One batch of the events that came in several parts; a part that is an answer already has none. */
  #submitParts(parts: readonly (Event[] | Answer)[], settle: (answers: readonly Answer[]) => void): void {
    const events = parts.flatMap((part) => (Array.isArray(part) ? part : []));
    const gather = (answers: readonly Answer[]) => {
      let next = 0;
      settle(
        parts.map((part) => {
          if (!Array.isArray(part)) return part;
          next += part.length;
          return worstOf(answers.slice(next - part.length, next));
        }),
      );
    };
    if (events.length === 0) gather([]);
    else this.#workers.submitBatch(events, gather);
  }
}

/** The events inside, or the answer to one that is not valid; undefined where it is no CloudEvent. */
function decode(event: Event): Event[] | Answer | undefined {
  try {
    return decodeCloudEvents(event);
  } catch (error) {
    if (codeOf(error) !== 'AMP_CLOUDEVENT_INVALID') throw error;
    return textAnswer(400, messageOf(error));
  }
}

/** One answer for all events that came together: they count as handled when all are. */
function worstOf(answers: readonly Answer[]): Answer {
  const [first = textAnswer(200, ''), ...others] = answers;
  return others.reduce((worst, each) => (severityOf(each) > severityOf(worst) ? each : worst), first);
}

function severityOf({ refusal, status }: Answer): number {
  return refusal === undefined ? status : Number.POSITIVE_INFINITY;
}

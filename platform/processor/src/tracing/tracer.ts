import type { Answer, Event } from '../engine/event.ts';
import type { TriggerInfo } from '../runtime/options.ts';
import { newSpanId, newTraceId } from './ids.ts';
import type { Span } from './otlp.ts';
import { begunSpan, endedSpan } from './span-attributes.ts';
import { headWithin, type Parent, parentOf } from './trace-context.ts';

export interface BegunSpan {
  /** The event as the handler shall see it. */
  within: Event;
  /** Ends the span; undefined where it is not recorded. */
  end: ((answer: Answer) => void) | undefined;
}

/** Digits of a trace's id that decide on it. They are random by the specification, and all processors see the same ones. */
const DECIDING_DIGITS = 13;
const DECIDING_RANGE = 16 ** DECIDING_DIGITS;

/** Makes spans of events. A trace that began elsewhere is recorded where its beginner wants that; of others, a share is. */
export class Tracer {
  readonly #sampleRatio: number;
  readonly #export: (span: Span) => void;

  constructor(sampleRatio: number, exportSpan: (span: Span) => void) {
    this.#sampleRatio = sampleRatio;
    this.#export = exportSpan;
  }

  begin(event: Event, trigger: TriggerInfo, batchSize?: number): BegunSpan {
    const parent = parentOf(event.head);
    const traceId = parent?.traceId ?? newTraceId();
    const context = { traceId, spanId: newSpanId(), isSampled: parent?.isSampled ?? this.#isChosen(traceId) };
    const within = { ...event, head: headWithin(event.head, context, parent?.state ?? '') };
    if (!context.isSampled) return { within, end: undefined };
    const start = now();
    const end = (answer: Answer) => this.#export(spanOf({ event, trigger, batchSize, parent, context, start }, answer));
    return { within, end };
  }

  #isChosen(traceId: string): boolean {
    return Number.parseInt(traceId.slice(-DECIDING_DIGITS), 16) / DECIDING_RANGE >= 1 - this.#sampleRatio;
  }
}

interface Begun extends Pick<Span, 'context' | 'start'> {
  event: Event;
  trigger: TriggerInfo;
  batchSize: number | undefined;
  parent: Parent | undefined;
}

function spanOf({ event, trigger, batchSize, parent, context, start }: Begun, answer: Answer): Span {
  const begun = begunSpan(event, trigger, batchSize);
  const ended = endedSpan(answer, trigger);
  return {
    ...begun,
    attributes: { ...begun.attributes, ...ended.attributes },
    isError: ended.isError,
    context,
    parentSpanId: parent?.spanId,
    state: parent?.state ?? '',
    start,
    end: now(),
  };
}

/** Milliseconds since 1970, with fractions; later calls never give less. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

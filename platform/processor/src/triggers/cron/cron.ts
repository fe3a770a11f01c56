import { messageOf } from '@ampoule/lib/errors';
import type { Answer, Event } from '../../engine/event.ts';
import { withinLimit } from '../../engine/within-limit.ts';
import { parseAttributes } from '../delivery/attributes.ts';
import { Delivery } from '../delivery/delivery.ts';
import { triggerError } from '../delivery/errors.ts';
import { headLine } from '../delivery/head.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { type CronAttributes, cronAttributesSchema } from './attributes.ts';
import { type Clock, systemClock } from './clock.ts';
import { everyMs, parseSchedule, type Schedule } from './schedule.ts';

/** The longest wait in one piece, so that a clock that is set anew is noticed. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Fires by a schedule, each replica for itself. There is one run at a time: ticks that come meanwhile make one run together, at once after it.
 */
export class CronTrigger implements Trigger {
  readonly kind = 'cron';
  readonly #context: TriggerContext;
  readonly #clock: Clock;
  readonly #schedule: Schedule;
  readonly #template: Omit<Event, 'timestamp'>;
  readonly #delivery: Delivery | undefined;
  #loop: Promise<void> | undefined;

  /** @throws AMP_INPUT_INVALID, AMP_CRON_SCHEDULE */
  constructor(context: TriggerContext, clock: Clock = systemClock()) {
    const attributes = parseAttributes(cronAttributesSchema, context.name, context.config.attributes);
    const { retry, event } = attributes;
    const { workers, logger, metrics, index } = context;
    this.#context = context;
    this.#clock = clock;
    this.#schedule = scheduleOf(attributes, context.name, clock.now());
    this.#delivery = retry && new Delivery({ policy: { retry }, workers, logger, metrics });
    let head = '';
    for (const [name, value] of Object.entries(event.headers ?? {})) head += headLine(name, String(value));
    this.#template = { trigger: index, method: event.method, target: event.path, head, body: Buffer.from(event.body) };
  }

  async start(): Promise<void> {
    this.#loop = this.#run();
  }

  async stop(limitMs: number): Promise<void> {
    this.#clock.end();
    this.#delivery?.stop();
    if (this.#loop !== undefined) await withinLimit(this.#loop, limitMs);
  }

  async #run(): Promise<void> {
    let last = this.#clock.now();
    for (;;) {
      const tick = await this.#tickAfter(last);
      if (tick === undefined) return;
      await this.#fire({ ...this.#template, timestamp: tick });
      last = tick;
    }
  }

  /** Waits for the next tick. Of several that are over already, it is the latest. */
  async #tickAfter(last: number): Promise<number | undefined> {
    const next = this.#schedule.next(last);
    if (next === undefined) return undefined;
    for (let left = next - this.#clock.now(); left > 0; left = next - this.#clock.now()) {
      if (!(await this.#clock.wait(Math.min(left, LONGEST_WAIT_MS)))) return undefined;
    }
    if (!(await this.#clock.wait(0))) return undefined;
    return Math.max(next, this.#schedule.latest(this.#clock.now()) ?? next);
  }

  async #fire(event: Event): Promise<void> {
    const { workers, logger, metrics } = this.#context;
    if (this.#delivery !== undefined) {
      await this.#delivery.deliver(event);
      return;
    }
    const { refusal, status } = await new Promise<Answer>((resolve) => workers.submit(event, resolve));
    if (refusal === undefined && status < 400) return;
    metrics.count('failed_ticks');
    logger.warnWith('A run failed; the next one is by the schedule', { tick: new Date(event.timestamp).toISOString(), refusal, status });
  }
}

function scheduleOf({ schedule, interval, timeZone }: CronAttributes, name: string, beginning: number): Schedule {
  const fix = 'Give either an interval such as 10s, or a schedule such as "*/5 * * * *" or "@hourly".';
  if ((schedule === '') === (interval === '')) {
    throw triggerError('AMP_CRON_SCHEDULE', {
      what: `Trigger ${name} has ${schedule === '' ? 'neither' : 'both'} schedule and interval`,
      fix,
    });
  }
  if (interval !== '') return everyMs(interval, beginning);
  try {
    return parseSchedule(schedule, { timeZone, beginning });
  } catch (cause) {
    throw triggerError('AMP_CRON_SCHEDULE', {
      what: `The schedule "${schedule}" of trigger ${name} is none`,
      why: messageOf(cause),
      fix,
      cause,
    });
  }
}

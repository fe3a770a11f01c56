import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Answer, Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { Bench, until } from '../delivery/testing.ts';
import type { Clock } from './clock.ts';
import { CronTrigger } from './cron.ts';

const bench = new Bench();
afterEach(() => bench.close());

type Handle = (event: Event) => Answer | Promise<Answer>;

/** A clock that stands still until it is set forward. */
class HandClock implements Clock {
  #now = Date.parse('2026-01-31T10:20:30Z');
  #waits: { due: number; settle: (goOn: boolean) => void }[] = [];

  now(): number {
    return this.#now;
  }

  wait(milliseconds: number): Promise<boolean> {
    if (milliseconds === 0) return Promise.resolve(true);
    return new Promise((settle) => this.#waits.push({ due: this.#now + milliseconds, settle }));
  }

  end(): void {
    for (const { settle } of this.#waits.splice(0)) settle(false);
  }

  async set(time: string): Promise<void> {
    this.#now = Date.parse(`2026-01-31T${time}Z`);
    for (let pass = 0; pass < 5; pass += 1) {
      const due = this.#waits.filter((wait) => wait.due <= this.#now);
      this.#waits = this.#waits.filter((wait) => wait.due > this.#now);
      for (const { settle } of due) settle(true);
      await sleep(0);
    }
  }
}

function triggerOf(attributes: object, handle: Handle, clock?: Clock): Promise<CronTrigger> {
  return bench.start(new CronTrigger(bench.context({ kind: 'cron', attributes: { ...attributes } }, handle), clock));
}

function timesOf(events: readonly Event[]): string[] {
  return events.map(({ timestamp }) => new Date(timestamp).toISOString().slice(11, 19));
}

describe('CronTrigger', () => {
  it('fires once for each tick, and the event has the time of the tick', async () => {
    const clock = new HandClock();
    const events: Event[] = [];
    const record: Handle = (event) => {
      events.push(event);
      return textAnswer(200);
    };
    await triggerOf({ schedule: '*/5 * * * *' }, record, clock);

    await clock.set('10:24:59');
    expect(events).toEqual([]);
    await clock.set('10:25:00');
    await clock.set('10:25:40');
    await clock.set('10:30:02');

    expect(timesOf(events)).toEqual(['10:25:00', '10:30:00']);
  });

  it('makes one run at once of all ticks that were missed', async () => {
    const clock = new HandClock();
    const events: Event[] = [];
    let finish: (answer: Answer) => void = () => undefined;
    const slow: Handle = (event) => {
      events.push(event);
      return new Promise((resolve) => {
        finish = resolve;
      });
    };
    await triggerOf({ schedule: '* * * * *' }, slow, clock);

    await clock.set('10:21:00');
    await clock.set('10:24:30');
    expect(timesOf(events)).toEqual(['10:21:00']);
    finish(textAnswer(200));
    await clock.set('10:24:31');
    finish(textAnswer(200));
    await clock.set('10:25:00');

    expect(timesOf(events)).toEqual(['10:21:00', '10:24:00', '10:25:00']);
  });

  it('does not fire again for the same tick when the clock is set back', async () => {
    const clock = new HandClock();
    const events: Event[] = [];
    const record: Handle = (event) => {
      events.push(event);
      return textAnswer(200);
    };
    await triggerOf({ schedule: '* * * * *' }, record, clock);

    await clock.set('10:21:00');
    await clock.set('10:20:50');
    await clock.set('10:21:05');
    await clock.set('10:22:00');

    expect(timesOf(events)).toEqual(['10:21:00', '10:22:00']);
  });

  it('fires at an interval', async () => {
    const events: Event[] = [];
    const record: Handle = (event) => {
      events.push(event);
      return textAnswer(200);
    };
    await triggerOf({ interval: '50ms' }, record);

    await until(() => events.length === 4);

    const [first = 0, , , fourth = 0] = events.map(({ timestamp }) => timestamp);
    expect((fourth - first) % 50).toBe(0);
    expect(fourth - first).toBeGreaterThanOrEqual(150);
  });

  it('gives the event of its attributes', async () => {
    const events: Event[] = [];
    const event = { body: 'hello', headers: { 'X-Kind': 'night', 'X-Count': 3 }, method: 'PUT', path: '/clean' };
    const record: Handle = (each) => {
      events.push(each);
      return textAnswer(200);
    };
    await triggerOf({ interval: '10ms', event }, record);

    await until(() => events.length > 0);

    expect(events[0]).toMatchObject({ trigger: 3, method: 'PUT', target: '/clean', head: 'X-Kind: night\r\nX-Count: 3\r\n' });
    expect(String(events[0]?.body)).toBe('hello');
  });

  it('leaves out a tick that no worker took in time, and goes on', async () => {
    let ticks = 0;
    const refuse: Handle = () => {
      ticks += 1;
      return ticks === 1 ? { ...textAnswer(503), refusal: 'unavailable' } : textAnswer(200);
    };
    await triggerOf({ interval: '10ms' }, refuse);

    await until(() => ticks === 3);

    expect(bench.counts).toEqual({ failed_ticks: 1 });
    expect(JSON.parse(bench.lines[0] ?? '{}')).toMatchObject({ level: 'warn', with: { refusal: 'unavailable' } });
  });

  it('tries a failed run again where it is told to', async () => {
    const ticks: number[] = [];
    const handle: Handle = ({ timestamp }) => {
      ticks.push(timestamp);
      return textAnswer(ticks.length < 3 ? 500 : 200);
    };
    await triggerOf({ interval: '20ms', retry: { initialBackoff: '1ms' } }, handle);

    await until(() => ticks.length >= 4);

    expect(new Set(ticks.slice(0, 3)).size).toBe(1);
    expect(ticks[3]).not.toBe(ticks[0]);
  });

  it('finishes its run when it is stopped, and fires no more', async () => {
    let begun = 0;
    let ended = 0;
    const slow: Handle = async () => {
      begun += 1;
      await sleep(50);
      ended += 1;
      return textAnswer(200);
    };
    const trigger = await triggerOf({ interval: '10ms' }, slow);
    await until(() => begun === 1);

    await trigger.stop(5000);
    await sleep(40);

    expect({ begun, ended }).toEqual({ begun: 1, ended: 1 });
  });

  it.each([
    ['neither schedule nor interval', {}, /neither/],
    ['both schedule and interval', { schedule: '* * * * *', interval: '1s' }, /both/],
    ['a schedule that is none', { schedule: '99 * * * *' }, /99 \* \* \* \*/],
  ])('refuses %s', async (_, attributes, message) => {
    const failure = await Promise.resolve()
      .then(() => triggerOf(attributes, () => textAnswer(200)))
      .catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: 'AMP_CRON_SCHEDULE', message: expect.stringMatching(message) });
  });

  it('names every mistake in its attributes', () => {
    const wrong = { interval: 'often', timeZone: 'Atlantis', retry: { maxAttempts: 0 } };

    expect(() => triggerOf(wrong, () => textAnswer(200))).toThrow(/interval.*\n.*timeZone.*\n.*retry\.maxAttempts/);
  });
});

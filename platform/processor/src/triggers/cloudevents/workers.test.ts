import { describe, expect, it } from 'vitest';
import type { Answer, Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { DirectWorkers } from '../../testing/direct-workers.ts';
import { textOf } from '../delivery/testing.ts';
import { CloudEventWorkers } from './workers.ts';

const context = { specversion: '1.0', source: '/shop', type: 'order', datacontenttype: 'text/plain' };

function eventOf(contentType: string, body: unknown): Event {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { trigger: 0, timestamp: 0, method: '', target: '', head: '', body: bytes, attributes: { contentType } };
}

function envelopeOf(text: string): object {
  return { ...context, id: text, data: text };
}

const one = (text: string) => eventOf('application/cloudevents+json', envelopeOf(text));
const several = (...texts: string[]) => eventOf('application/cloudevents-batch+json', texts.map(envelopeOf));
const plain = (text: string) => eventOf('text/plain', text);
const invalid = eventOf('application/cloudevents+json', '{');

function setUp() {
  const seen: string[] = [];
  const handle = (event: Event): Answer => {
    seen.push(textOf(event));
    return textAnswer(textOf(event) === 'bad' ? 500 : 200, textOf(event));
  };
  const workers = new CloudEventWorkers(new DirectWorkers(handle));
  const submit = (event: Event) => new Promise<Answer>((resolve) => workers.submit(event, resolve));
  const submitBatch = (events: Event[]) => new Promise<readonly Answer[]>((resolve) => workers.submitBatch(events, resolve));
  return { seen, submit, submitBatch };
}

const shown = ({ status, body }: Answer) => `${status} ${Buffer.from(body).toString()}`;

describe('CloudEventWorkers', () => {
  it('gives the event inside of a CloudEvent to the handler, and others as they are', async () => {
    const { seen, submit } = setUp();

    expect(shown(await submit(plain('a')))).toBe('200 a');
    expect(shown(await submit(one('b')))).toBe('200 b');
    expect(seen).toEqual(['a', 'b']);
  });

  it('answers 400 to what is not valid, without the handler', async () => {
    const { seen, submit } = setUp();

    expect(shown(await submit(invalid))).toMatch(/^400 The event is not a valid CloudEvent: its body is not JSON/);
    expect(seen).toEqual([]);
  });

  it('answers a batch of CloudEvents by its worst answer', async () => {
    const { seen, submit } = setUp();

    expect(shown(await submit(several('a', 'b')))).toBe('200 a');
    expect(shown(await submit(several('c', 'bad', 'd')))).toBe('500 bad');
    expect(shown(await submit(several()))).toBe('200 ');
    expect(seen).toEqual(['a', 'b', 'c', 'bad', 'd']);
  });

  it('keeps the answers of a batch of events in order', async () => {
    const { seen, submitBatch } = setUp();

    const answers = await submitBatch([plain('a'), several('b', 'bad'), invalid, one('c'), several()]);

    expect(answers.map(({ status }) => status)).toEqual([200, 500, 400, 200, 200]);
    expect(seen).toEqual(['a', 'b', 'bad', 'c']);
  });

  it('hands over a batch without CloudEvents as it is', async () => {
    const { submitBatch } = setUp();

    expect((await submitBatch([plain('a'), plain('b')])).map(shown)).toEqual(['200 a', '200 b']);
    expect((await submitBatch([invalid])).map(({ status }) => status)).toEqual([400]);
  });
});

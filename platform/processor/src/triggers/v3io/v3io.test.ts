import { expect, it } from 'vitest';
import { textAnswer } from '../../engine/text-answer.ts';
import { Bench } from '../delivery/testing.ts';
import { triggerMakerOf } from '../makers.ts';

it.each(['v3ioStream', 'v3ioItemPoller'])('a trigger of kind %s is refused, with the reason and a way out', async (kind) => {
  const make = await triggerMakerOf(kind, 'events');
  const context = new Bench().context({ kind }, () => textAnswer(200));

  expect(() => make(context)).toThrow(
    expect.objectContaining({
      code: 'AMP_TRIGGER_KIND_UNTESTED',
      message: expect.stringContaining('not tested'),
      fix: expect.stringContaining('Kafka'),
    }),
  );
});

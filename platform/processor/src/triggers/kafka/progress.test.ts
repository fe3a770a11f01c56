import { describe, expect, it } from 'vitest';
import { Progress } from './progress.ts';

describe('Progress', () => {
  it('may commit what is answered', () => {
    const progress = new Progress(5, 0);
    progress.advance(8);

    expect(progress.committable).toBe(8);
  });

  it('stays before the first event that is not acknowledged', () => {
    const progress = new Progress(0, 0);
    for (const offset of [0, 1, 2]) progress.hold(offset);
    progress.advance(3);
    progress.acknowledge(0);
    progress.acknowledge(2);

    expect(progress).toMatchObject({ committable: 1, open: 1 });
    progress.acknowledge(1);
    expect(progress.committable).toBe(3);
  });

  it('takes an acknowledgement that comes before the answer', () => {
    const progress = new Progress(0, 0);
    progress.hold(0);
    progress.acknowledge(0);

    expect(progress.committable).toBe(0);
    progress.advance(1);
    expect(progress.committable).toBe(1);
  });

  it('stays behind by the window, but never goes back', () => {
    const progress = new Progress(10, 4);

    expect(progress.committable).toBe(10);
    progress.advance(12);
    expect(progress.committable).toBe(10);
    progress.advance(20);
    expect(progress.committable).toBe(16);
  });
});

import { expect, it } from 'vitest';
import { InHand } from './in-hand.ts';
import type { Job } from './job.ts';
import { nextSequence } from './thread-protocol.ts';

const LAST_SEQUENCE = 0x7fffffff;

function job(begunAt?: number): Job {
  const rest = { event: undefined, batch: undefined, worker: undefined, wasAllocated: false, stream: undefined };
  return { ...rest, settle: () => undefined, since: 0, begunAt };
}

it('keeps jobs by their sequences and in their order, also where sequences begin anew', () => {
  const hand = new InHand();
  const jobs = [job(), job(), job(), job()];
  let sequence = LAST_SEQUENCE - 1;
  const sequences = jobs.map((each) => {
    const own = sequence;
    hand.add(own, each);
    sequence = nextSequence(sequence);
    return own;
  });
  expect(sequences).toEqual([LAST_SEQUENCE - 1, LAST_SEQUENCE, 0, 1]);
  expect(sequences.map((each) => hand.get(each))).toEqual(jobs);
  hand.delete(LAST_SEQUENCE);
  expect([...hand].map(([each]) => each)).toEqual([LAST_SEQUENCE - 1, 0, 1]);
  expect([hand.size, hand.get(LAST_SEQUENCE), hand.get(2)]).toEqual([3, undefined, undefined]);
});

it('gives each job once to begin, in order, and leaves out those that are gone', () => {
  const hand = new InHand();
  const [first, second, third] = [job(), job(), job()];
  hand.add(5, first);
  expect([hand.nextToBegin(), hand.nextToBegin()]).toEqual([first, undefined]);
  hand.add(6, second);
  hand.add(7, third);
  hand.delete(5);
  hand.delete(6);
  expect(hand.nextToBegin()).toBe(third);
  hand.delete(7);
  expect(hand.nextToBegin()).toBeUndefined();
  hand.add(1000, first);
  expect(hand.nextToBegin()).toBe(first);
});

it('a job that goes on for long is still known after thousands of others', () => {
  const hand = new InHand();
  const long = job(1);
  hand.add(0, long);
  for (let sequence = 1; sequence < 5000; sequence += 1) {
    hand.add(sequence, job(1));
    if (sequence > 3) hand.delete(sequence - 3);
  }
  expect(hand.get(0)).toBe(long);
  expect([...hand].map(([sequence]) => sequence)).toEqual([0, 1, 4997, 4998, 4999].filter((each) => hand.get(each) !== undefined));
  expect(hand.size).toBe([...hand].length);
  hand.delete(0);
  expect(hand.get(0)).toBeUndefined();
});

it('holds as many jobs as are added, begun or not', () => {
  const hand = new InHand();
  const jobs = Array.from({ length: 3000 }, (_, i) => job(i < 1000 ? 1 : undefined));
  for (const [sequence, each] of jobs.entries()) hand.add(sequence, each);
  expect([...hand].map(([, each]) => each)).toEqual(jobs);
  for (const each of jobs) expect(hand.nextToBegin()).toBe(each);
});

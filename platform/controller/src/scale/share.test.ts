import { describe, expect, it } from 'vitest';
import { type Demand, share } from './share.ts';

const fixed = (key: string, wanted: number): Demand => ({ key, floor: Math.min(wanted, 1), wanted, most: wanted });
const scaledByOthers = (key: string, wanted: number, most: number): Demand => ({ key, floor: 1, wanted, most });

describe('the replicas of a project', () => {
  it.each([
    ['are what each needs while there are enough', 10, [fixed('a', 4), fixed('b', 3)], { a: 4, b: 3 }],
    ['go in equal parts to those that need more than there are', 9, [fixed('a', 8), fixed('b', 8), fixed('c', 8)], { a: 3, b: 3, c: 3 }],
    ['leave who needs little what it needs', 10, [fixed('a', 20), fixed('b', 2)], { a: 8, b: 2 }],
    ['give what cannot be divided to the first by name', 5, [fixed('b', 4), fixed('a', 4)], { a: 3, b: 2 }],
    ['are one for each function that runs, also beyond the cap', 1, [fixed('a', 3), fixed('b', 1), fixed('c', 0)], { a: 1, b: 1, c: 0 }],
    ['leave the rest to those that Kubernetes scales', 10, [fixed('a', 3), scaledByOthers('k', 2, 20)], { a: 3, k: 7 }],
    ['go to what is needed now before that', 10, [fixed('a', 9), scaledByOthers('k', 4, 20)], { a: 6, k: 4 }],
    ['are shared out however many there are', 2e9, [fixed('a', 5e8), fixed('b', 1e9), fixed('c', 1e9)], { a: 5e8, b: 75e7, c: 75e7 }],
    ['are no more than a function may have', 100, [scaledByOthers('k', 2, 5), scaledByOthers('l', 1, 3)], { k: 5, l: 3 }],
  ])('%s', (_what, cap, demands, shares) => {
    expect(Object.fromEntries(share(cap, demands))).toEqual(shares);
  });
});

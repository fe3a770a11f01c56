/** After as many uses the time is read again. */
const MOST_USES = 32;
/** Makes each use later than the one before, so that times tell the order of events. */
const STEP_MS = 1e-6;

let uses = MOST_USES;
let milliseconds = 0;
let date = 0;
let isFading = false;

/**
 * What `performance.now()` was in this turn of the event loop, a moment ago at most. To read a clock takes longer than most of what the
 * main thread does for a small event, in virtual machines above all.
 */
export function turnTime(): number {
  use();
  return milliseconds + uses * STEP_MS;
}

/** The same of `Date.now()`. */
export function turnDate(): number {
  use();
  return date;
}

function use(): void {
  uses += 1;
  if (uses < MOST_USES) return;
  uses = 0;
  milliseconds = performance.now();
  date = Date.now();
  if (isFading) return;
  isFading = true;
  setImmediate(fade);
}

function fade(): void {
  isFading = false;
  uses = MOST_USES;
}

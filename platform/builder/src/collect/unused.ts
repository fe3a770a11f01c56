import type { StoredImage } from './stored.ts';

/**
 * Remembers since when images have been unused. Only one that was so at every look for the whole grace period may go. A builder
 * that starts knows of none, so that a restart delays a collection and never hastens it.
 */
export class UnusedImages {
  #since = new Map<string, number>();

  /** Takes down what is unused at this look, and gives what has been so for long enough. */
  look(unused: readonly StoredImage[], { now, graceMs }: { now: number; graceMs: number }): StoredImage[] {
    this.#since = new Map(unused.map((image) => [nameOf(image), this.#since.get(nameOf(image)) ?? now]));
    return unused.filter((image) => now - (this.#since.get(nameOf(image)) ?? now) >= graceMs);
  }
}

function nameOf({ repository, digest }: StoredImage): string {
  return `${repository}@${digest}`;
}

/** A queue whose ends are cheap. */
export class Queue<Item> {
  #items: Item[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  peek(): Item | undefined {
    return this.#items[this.#first];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): Item | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#first];
    this.#first += 1;
    if (this.#first > 1024 && this.#first * 2 > this.#items.length) this.#compact([]);
    return item;
  }

  /** Puts items before all others, in their order. */
  unshift(items: readonly Item[]): void {
    this.#compact(items);
  }

  #compact(before: readonly Item[]): void {
    this.#items = [...before, ...this.#items.slice(this.#first)];
    this.#first = 0;
  }
}

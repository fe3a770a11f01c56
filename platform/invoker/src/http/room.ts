/** So many bytes may be held at a time. */
export class Room {
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  /** Whether there was room. */
  take(bytes: number): boolean {
    if (bytes > this.#free) return false;
    this.#free -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#free += bytes;
  }
}

/** What one request has of a room. */
export class Part {
  readonly #room: Room;
  #bytes = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Whether there was room for so much more. */
  take(bytes: number): boolean {
    if (!this.#room.take(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  giveBack(): void {
    this.#room.giveBack(this.#bytes);
    this.#bytes = 0;
  }
}

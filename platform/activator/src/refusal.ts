/** Why a request is not passed on. */
export type RefusalKind = 'unknown' | 'unavailable' | 'full' | 'late';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

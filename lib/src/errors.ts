/** What a person needs to act on a failure. */
export interface ErrorParts {
  /** Stable, listed in docs/errors.md, for example `AMP_BUNDLE_SIGNATURE`. */
  code: string;
  /** What happened. */
  what: string;
  /** Why it happened, when that is known. */
  why?: string;
  /** What to do now. */
  fix: string;
  cause?: unknown;
}

/** A failure that a user can act on. Anything else that is thrown is a defect of ours. */
export class AmpouleError extends Error {
  override readonly name = 'AmpouleError';
  readonly code: string;
  readonly what: string;
  readonly why: string | undefined;
  readonly fix: string;

  constructor({ code, what, why, fix, cause }: ErrorParts) {
    super(why === undefined ? what : `${what}: ${why}`, { cause });
    this.code = code;
    this.what = what;
    this.why = why;
    this.fix = fix;
  }
}

/**
 * Makes the error constructor of a package from its closed list of codes.
 * The list maps each code to the sentence that docs/errors.md shows; a test keeps both the same.
 */
export function errorsOf<Codes extends Record<string, string>>(_codes: Codes) {
  return (code: keyof Codes & string, parts: Omit<ErrorParts, 'code'>): AmpouleError => new AmpouleError({ code, ...parts });
}

/** The text of anything thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node.js or Ampoule error, or undefined. Never throws. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

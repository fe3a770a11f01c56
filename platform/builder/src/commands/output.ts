const LAST_LINES = 12;
/** `npm error 404 Not Found - GET http://builder:8083/left-pad - Not found` */
const ABSENT = /^npm (?:error|ERR!) 404\s+Not Found - GET https?:\/\/[^/\s]+\/(\S+)/;
/** `npm error notarget No matching version found for lodash@^3.0.0.` */
const NO_VERSION = /^npm (?:error|ERR!) notarget No matching version found for (\S+?)\.?$/;
/** `ERROR: No matching distribution found for requests==1.0` */
const NO_DISTRIBUTION = /^ERROR: No matching distribution found for ([^(]+)/;
/** As npm and pip put it where nobody answers them. */
const NOBODY = /ECONNREFUSED|EAI_AGAIN|ENOTFOUND|ETIMEDOUT|Retrying \(Retry\(/;

/** What is kept of the output of a build's commands, beside what its owner sees of it. */
export class Output {
  readonly #tell: (line: string) => void;
  readonly #missing = new Set<string>();
  #last: string[] = [];
  /** Whether the packages could not even be asked for. */
  isUnanswered = false;

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  add = (line: string): void => {
    this.#tell(line);
    this.#last = [...this.#last.slice(1 - LAST_LINES), line];
    if (NOBODY.test(line)) this.isUnanswered = true;
    const missing = missingOf(line);
    if (missing !== undefined) this.#missing.add(missing);
  };

  get last(): string {
    return this.#last.join('\n');
  }

  /** Packages that were asked for and are not there. */
  get missing(): string[] {
    return [...this.#missing];
  }
}

function missingOf(line: string): string | undefined {
  const path = ABSENT.exec(line)?.[1];
  if (path !== undefined) return decoded(path.split('/-/')[0] ?? path);
  return (NO_VERSION.exec(line) ?? NO_DISTRIBUTION.exec(line))?.[1]?.trim();
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

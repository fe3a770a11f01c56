declare global {
  interface JSON {
    /** A number that is written as it was read. */
    rawJSON(text: string): object;
  }
}

/** Parses JSON so that `JSON.stringify` writes large numbers as they were, not rounded. @throws SyntaxError */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, (_, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    const rounded = typeof value === 'number' && source !== undefined && !Number.isSafeInteger(value) && String(value) !== source;
    return rounded ? JSON.rawJSON(source) : value;
  });
}

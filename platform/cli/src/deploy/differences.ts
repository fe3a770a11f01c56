/** A field in which two objects differ. */
export interface Difference {
  field: string;
  before?: unknown;
  after?: unknown;
}

/** The fields in which two values differ, each with its path. Nothing, null and what is empty are the same. */
export function differencesOf(before: unknown, after: unknown, field = ''): Difference[] {
  if (isObject(before) || isObject(after)) {
    if ((isObject(before) || isEmpty(before)) && (isObject(after) || isEmpty(after))) {
      const left = isObject(before) ? before : {};
      const right = isObject(after) ? after : {};
      const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
      return names.flatMap((name) => differencesOf(left[name], right[name], field === '' ? name : `${field}.${name}`));
    }
  }
  if (isEmpty(before) && isEmpty(after)) return [];
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ field, ...(isEmpty(before) ? {} : { before }), ...(isEmpty(after) ? {} : { after }) }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

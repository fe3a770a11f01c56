type Fields = Record<string, unknown>;

/** Both together: what `stronger` says wins, field by field. Lists are taken whole. */
export function merged<T extends object>(weaker: T, stronger: object): T {
  const fields: Fields = { ...(weaker as Fields) };
  for (const [name, value] of Object.entries(stronger)) {
    const below = fields[name];
    if (isFields(below) && isFields(value)) fields[name] = merged(below, value);
    else if (value !== undefined && value !== null) fields[name] = value;
  }
  return fields as T;
}

/** What `own` says, and `more` where it says nothing; nothing is also an empty list. */
export function filled<T extends object>(own: T, more: object): T {
  const fields: Fields = { ...(own as Fields) };
  for (const [name, value] of Object.entries(more)) {
    const above = fields[name];
    if (isFields(above) && isFields(value)) fields[name] = filled(above, value);
    else if (isNothing(above)) fields[name] = value;
  }
  return fields as T;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

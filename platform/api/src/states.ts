/** The life of a function; two names lack an "s", as in Nuclio. */
export const functionStates = [
  'waitingForBuild',
  'building',
  'waitingForResourceConfiguration',
  'waitingForScaleResourceFromZero',
  'waitingForScaleResourceToZero',
  'configuringResources',
  'ready',
  'error',
  'unhealthy',
  'scaledToZero',
  'imported',
] as const;

export type FunctionState = (typeof functionStates)[number];

const stable: ReadonlySet<string> = new Set<FunctionState>(['ready', 'error', 'unhealthy', 'scaledToZero', 'imported']);

/** Whether nothing works on the function any more, so that it can be changed or removed. */
export function isStable(state: string | undefined): boolean {
  return state !== undefined && stable.has(state);
}

import type { FunctionSpec } from '@ampoule/platform-api/function';
import { type ScaleTarget, scaleMetricMistakes, scaleTargetsOf } from '@ampoule/platform-api/scale-metrics';

/** By what the platform scales a function; nothing where Kubernetes does, as where what the function says cannot be. */
export function targetsOf(spec: FunctionSpec): ScaleTarget[] {
  return targetMistakesOf(spec).length > 0 ? [] : scaleTargetsOf(spec);
}

/** A function that was stored before there were rules, or past the dashboard, is to run all the same. */
export function targetMistakesOf(spec: FunctionSpec): string[] {
  return [...scaleMetricMistakes(spec)];
}

import { createHash } from 'node:crypto';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import type {
  V1ConfigMap,
  V1CronJob,
  V1Deployment,
  V1Ingress,
  V1Service,
  V2HorizontalPodAutoscaler,
} from '@ampoule/platform-api/kube/types';
import { autoscalerOf } from './autoscaler.ts';
import { configMapOf } from './config-map.ts';
import type { RenderContext } from './context.ts';
import { cronJobsOf } from './cron-jobs.ts';
import { deploymentOf } from './deployment.ts';
import { ingressOf } from './ingress.ts';
import { serviceOf } from './service.ts';

/** The objects that make a function run. */
export interface FunctionObjects {
  configMap: V1ConfigMap;
  deployment: V1Deployment;
  service: V1Service;
  /** Absent where the function wants none. */
  ingress: V1Ingress | undefined;
  /** Absent where the replicas are fixed. */
  autoscaler: V2HorizontalPodAutoscaler | undefined;
  cronJobs: V1CronJob[];
}

/** @throws AMP_INPUT_INVALID where attributes of a trigger are wrong */
export function objectsOf(fn: NuclioFunction, context: RenderContext): FunctionObjects {
  return {
    configMap: configMapOf(fn, context),
    deployment: deploymentOf(fn, context),
    service: serviceOf(fn, context),
    ingress: ingressOf(fn),
    autoscaler: autoscalerOf(fn, context),
    cronJobs: cronJobsOf(fn, context),
  };
}

/** Tells whether two renderings of a function are the same. */
export function hashOf(objects: FunctionObjects): string {
  return createHash('sha256').update(JSON.stringify(objects)).digest('hex');
}

import { createHash } from 'node:crypto';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import type { V1ConfigMap, V1Deployment, V1Ingress, V1Service } from '@ampoule/platform-api/kube/types';
import { configMapOf } from './config-map.ts';
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
}

export function objectsOf(fn: NuclioFunction, version: string): FunctionObjects {
  return { configMap: configMapOf(fn), deployment: deploymentOf(fn, version), service: serviceOf(fn), ingress: ingressOf(fn) };
}

/** Tells whether two renderings of a function are the same. */
export function hashOf(objects: FunctionObjects): string {
  return createHash('sha256').update(JSON.stringify(objects)).digest('hex');
}

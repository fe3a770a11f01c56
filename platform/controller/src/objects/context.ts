import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import type { Phase } from '../phase.ts';

/** What there is to say of a function's replicas beside its own limits. */
export interface Scaling {
  /** What it is to have by what its processors count; undefined where others set its replicas, and before anybody knows. */
  wanted: number | undefined;
  /** What its project lets it have. */
  allowed: number;
  /** What it is told where its project lets it have fewer than it needs; empty otherwise. */
  notice: string;
}

/** That of a function that nobody scales, in a project without a cap. */
export const UNSCALED: Scaling = { wanted: undefined, allowed: Number.POSITIVE_INFINITY, notice: '' };

/** What the objects of a function depend on, beside the function. */
export interface RenderContext {
  phase: Phase;
  /** The version of the platform. */
  version: string;
  platform: PlatformConfig;
  /** What the platform adds to the function's Deployment. */
  deploymentSpecs?: readonly object[];
  /** Of the function's project. */
  projectNodeSelector: Record<string, string>;
  /** The replicas that the function has now; undefined before there is a Deployment. */
  currentReplicas: number | undefined;
  /** Absent where nobody scales or bounds it. */
  scaling?: Scaling;
  /** False while it comes up and has no pod that serves. */
  isServing: boolean;
  /** Runs the cron jobs of functions. */
  shellImage: string;
}

import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import type { Phase } from '../phase.ts';

/** What the objects of a function depend on, beside the function. */
export interface RenderContext {
  phase: Phase;
  /** The version of the platform. */
  version: string;
  platform: PlatformConfig;
  /** Of the function's project. */
  projectNodeSelector: Record<string, string>;
  /** The replicas that the function has now; undefined before there is a Deployment. */
  currentReplicas: number | undefined;
  /** False while it comes up and has no pod that serves. */
  isServing: boolean;
  /** Runs the cron jobs of functions. */
  shellImage: string;
}

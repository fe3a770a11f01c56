import type { InstallContext, Step } from './step.ts';
import { certificates } from './steps/certificates.ts';
import { containerd } from './steps/containerd.ts';
import { hostSettings } from './steps/host-settings.ts';
import { images } from './steps/images.ts';
import { kubernetes } from './steps/kubernetes.ts';
import { manifests } from './steps/manifests.ts';
import { programs } from './steps/programs.ts';
import { ready } from './steps/ready.ts';
import { registry } from './steps/registry.ts';

/** Every step of an install, in order. */
export const installSteps: readonly Step[] = [
  hostSettings,
  programs,
  certificates,
  registry,
  images,
  containerd,
  kubernetes,
  manifests,
  ready,
];

/** What an install will do, before it does anything. */
export interface Plan {
  steps: { step: string; title: string; writes: readonly string[]; bytes: number; predictedSeconds: number }[];
  bytes: number;
  predictedSeconds: number;
}

/** Describes the install of a bundle; changes nothing. */
export async function planInstall(context: InstallContext): Promise<Plan> {
  const steps = await Promise.all(
    installSteps.map(async ({ id, title, writes, bytes, predictedSeconds }) => ({
      step: id,
      title,
      writes,
      bytes: await bytes(context),
      predictedSeconds,
    })),
  );
  return {
    steps,
    bytes: context.bundle.manifest.installBytes,
    predictedSeconds: steps.reduce((sum, { predictedSeconds }) => sum + predictedSeconds, 0),
  };
}

import { createHash } from 'node:crypto';
import { parse } from '@ampoule/lib/parse';
import { labels, ports } from '@ampoule/platform-api/constants';
import type { NuclioFunction, Trigger } from '@ampoule/platform-api/function';
import { podSecurity } from '@ampoule/platform-api/kube/pod-security';
import type { V1CronJob } from '@ampoule/platform-api/kube/types';
import { objectNameOf } from '@ampoule/platform-api/names';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import * as z from 'zod';
import type { RenderContext } from './context.ts';
import { metadataOf } from './metadata.ts';

const attributesSchema = z
  .looseObject({
    schedule: z.string().default(''),
    interval: z.string().default(''),
    event: z.looseObject({ body: z.string().default(''), headers: z.record(z.string(), z.coerce.string()).default({}) }).prefault({}),
    concurrencyPolicy: z.enum(['Allow', 'Forbid', 'Replace']).default('Forbid'),
    jobBackoffLimit: z.coerce.number().int().min(0).default(2),
  })
  .refine(({ schedule, interval }) => schedule !== '' || interval !== '', 'must have a schedule or an interval');

const TIMEOUT_SECONDS = 60;
const FIELDS = 5;

/** Whether Kubernetes wakes functions by time, rather than their processors. */
export function areCronJobs({ cronTriggerCreationMode }: PlatformConfig): boolean {
  return cronTriggerCreationMode === 'kube';
}

/** A CronJob for each cron trigger of a function, where the platform wants them. @throws AMP_INPUT_INVALID */
export function cronJobsOf(fn: NuclioFunction, context: RenderContext): V1CronJob[] {
  if (!areCronJobs(context.platform)) return [];
  return Object.entries(fn.spec.triggers ?? {})
    .filter(([, { kind, disabled }]) => kind === 'cron' && disabled !== true)
    .map(([key, trigger]) => cronJobOf(fn, trigger.name || key, trigger, context));
}

function cronJobOf(fn: NuclioFunction, trigger: string, { attributes }: Trigger, { phase, shellImage }: RenderContext): V1CronJob {
  const found = parse(attributesSchema, attributes ?? {}, `The attributes of trigger ${trigger}`);
  const { name } = fn.metadata;
  const shared = metadataOf(fn);
  const own = { [labels.component]: 'cron-trigger', [labels.cronTrigger]: trigger };
  const id = createHash('sha256').update(`${name}/${trigger}`).digest('hex').slice(0, 20);
  return {
    metadata: { ...shared, name: `nuclio-cron-job-${id}`, labels: { ...shared.labels, ...own } },
    spec: {
      schedule: scheduleOf(found),
      concurrencyPolicy: found.concurrencyPolicy,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
      suspend: fn.spec.disable === true || phase === 'held',
      jobTemplate: {
        spec: {
          backoffLimit: found.jobBackoffLimit,
          template: {
            // Not the labels by which the function's own pods are found.
            metadata: { labels: { [labels.function]: name, ...own, [labels.cronJobPod]: 'true' } },
            spec: {
              restartPolicy: 'Never',
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              securityContext: podSecurity,
              containers: [
                {
                  name: 'invoker',
                  image: shellImage,
                  imagePullPolicy: 'IfNotPresent',
                  command: commandOf(fn, found.event),
                  resources: { requests: { cpu: '5m', memory: '4Mi' } },
                  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
                },
              ],
            },
          },
        },
      },
    },
  };
}

/** Kubernetes counts in minutes: of six fields, that of the seconds is lost, as in Nuclio. */
function scheduleOf({ schedule, interval }: { schedule: string; interval: string }): string {
  if (schedule === '') return `@every ${interval}`;
  const fields = schedule.trim().split(/\s+/);
  return fields.slice(-FIELDS).join(' ');
}

function commandOf(fn: NuclioFunction, { body, headers }: { body: string; headers: Record<string, string> }): string[] {
  const all = { ...headers, 'X-Nuclio-Invoke-Trigger': 'cron', 'X-Nuclio-Target': fn.metadata.name };
  return [
    '/bin/wget',
    '-q',
    '-T',
    String(TIMEOUT_SECONDS),
    '-O',
    '/dev/null',
    ...Object.entries(all).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ...(body === '' ? [] : ['--post-data', body]),
    `http://${objectNameOf(fn.metadata.name)}.${fn.metadata.namespace}.svc:${ports.http}/`,
  ];
}

import { annotations, ports } from '@ampoule/platform-api/constants';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';

/** The port at which processors give their metrics; undefined where the platform has no sink that pulls them. */
export function metricsPortOf({ metrics }: PlatformConfig): number | undefined {
  const sink = metrics.functions.map((name) => metrics.sinks[name]).find((found) => found?.kind === 'prometheusPull');
  if (sink === undefined) return undefined;
  return Number(/:(\d+)$/.exec(String(sink.url ?? ''))?.[1] ?? ports.metrics);
}

/** By these Prometheus finds the metrics of a pod, as in Nuclio. */
export function scrapeAnnotationsOf(platform: PlatformConfig): Record<string, string> {
  return { [annotations.prometheusPull]: 'true', [annotations.prometheusPullPort]: String(metricsPortOf(platform) ?? ports.metrics) };
}

import type { PlatformConfig } from '../config.ts';

export interface TracingSettings {
  /** Where spans are posted to. */
  url: string;
  sampleRatio: number;
}

const DEFAULT_URL = 'http://localhost:4318';
const PATH = '/v1/traces';

/**
 * What platform.yaml says of traces, else the variables that OpenTelemetry has for it
 * (https://opentelemetry.io/docs/specs/otel/protocol/exporter/); undefined where there shall be none.
 */
export function tracingSettingsOf({ tracing }: PlatformConfig, env: NodeJS.ProcessEnv): TracingSettings | undefined {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole, OTEL_EXPORTER_OTLP_ENDPOINT: base } = env;
  const fromEnv = whole || (base ? withPath(base) : undefined);
  const url = tracing.url === undefined ? fromEnv : withPath(tracing.url);
  const isEnabled = tracing.enabled ?? url !== undefined;
  return isEnabled ? { url: url ?? withPath(DEFAULT_URL), sampleRatio: tracing.sampleRatio } : undefined;
}

function withPath(url: string): string {
  const trimmed = url.replace(/\/+$/, '');
  return trimmed.endsWith(PATH) ? trimmed : trimmed + PATH;
}

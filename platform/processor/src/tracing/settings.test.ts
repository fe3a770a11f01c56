import { expect, it } from 'vitest';
import { tracingSettingsOf } from './settings.ts';

const platformOf = (tracing: { enabled?: boolean; url?: string; sampleRatio?: number }) => ({
  healthCheck: { enabled: true, listenAddress: ':8082' },
  webAdmin: { enabled: true, listenAddress: ':8081' },
  metrics: { sinks: {}, functions: [] },
  tracing: { sampleRatio: 1, ...tracing },
});

it.each([
  ['nothing asks for them', {}, {}, undefined],
  ['the platform names a collector', { url: 'http://c:4318' }, {}, 'http://c:4318/v1/traces'],
  ['the platform names its whole address', { url: 'http://c:4318/v1/traces/' }, {}, 'http://c:4318/v1/traces'],
  ['the environment names a collector', {}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://e:4318/base/' }, 'http://e:4318/base/v1/traces'],
  ['the environment names an address for traces', {}, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://e/own' }, 'http://e/own'],
  ['both name one', { url: 'http://c' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://e' }, 'http://c/v1/traces'],
  ['the platform wants none', { enabled: false, url: 'http://c' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://e' }, undefined],
  ['the platform wants them and names nothing', { enabled: true }, {}, 'http://localhost:4318/v1/traces'],
])('where %s, that is where traces go', (_, tracing, env, url) => {
  expect(tracingSettingsOf(platformOf(tracing), env)?.url).toBe(url);
});

import { hostname } from 'node:os';
import type { Workers } from '../engine/workers.ts';
import type { Logger } from '../logger.ts';
import type { Family } from '../metrics/exposition.ts';
import type { CommonLabels } from '../metrics/families.ts';
import type { TriggerInfo } from '../runtime/options.ts';
import { SpanExporter } from './exporter.ts';
import type { TracingSettings } from './settings.ts';
import { Tracer } from './tracer.ts';
import { TracingWorkers } from './tracing-workers.ts';

export interface TracingOptions extends TracingSettings {
  functionName: string;
  namespace: string;
  logger: Logger;
}

/** The traces of a processor. Loaded where they are wanted only. */
export class Tracing {
  readonly #exporter: SpanExporter;
  readonly #tracer: Tracer;

  constructor({ url, sampleRatio, functionName, namespace, logger }: TracingOptions) {
    const resource = {
      'service.name': functionName,
      'service.namespace': namespace,
      'service.instance.id': hostname(),
      'faas.name': functionName,
    };
    const exporter = new SpanExporter({ url, resource, logger });
    this.#exporter = exporter;
    this.#tracer = new Tracer(sampleRatio, (span) => exporter.export(span));
  }

  /** Workers that make a span of each event. */
  around(workers: Workers, trigger: TriggerInfo): Workers {
    return new TracingWorkers(workers, this.#tracer, trigger);
  }

  families({ instance, namespace, function: functionName, project }: CommonLabels): Family[] {
    const labels = { instance, namespace, function: functionName, project };
    const samples = Object.entries(this.#exporter.counts).map(([result, value]) => ({ labels: { ...labels, result }, value }));
    return [{ name: 'nuclio_processor_trace_spans_total', help: 'Spans by what became of them', type: 'counter', samples }];
  }

  stop(limitMs: number): Promise<void> {
    return this.#exporter.stop(limitMs);
  }
}

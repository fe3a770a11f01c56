import { pathMistake } from './api-gateway-address.ts';
import type { FunctionSpec, Trigger } from './function.ts';
import { httpAttributesSchema, httpTriggersOf } from './http-trigger.ts';

const STREAM_KINDS: ReadonlySet<string> = new Set(['kafka', 'kafka-cluster', 'v3ioStream']);
const V3IO_STREAM = 'v3ioStream';

/** What cannot be about triggers. */
export function* triggerMistakes(spec: FunctionSpec): Generator<string> {
  for (const [key, trigger] of Object.entries(spec.triggers ?? {})) {
    if (key === '') yield 'Trigger key can not be empty';
    else if (trigger.name !== undefined && trigger.name !== key) yield `Trigger key and name mismatch (${key} != ${trigger.name})`;
    yield* batchMistakes(trigger);
    yield* ackMistakes(trigger);
  }
  if (needsOneReplicaCount(spec)) yield 'V3IO Stream trigger does not support autoscaling';
  yield* httpMistakes(spec);
}

/** The one mistake that Nuclio corrects by itself when it is asked to: the lower limit of replicas follows the upper one. */
export function autoFixFunction(spec: FunctionSpec): FunctionSpec {
  return needsOneReplicaCount(spec) ? { ...spec, minReplicas: spec.maxReplicas } : spec;
}

function needsOneReplicaCount({ triggers, minReplicas, maxReplicas }: FunctionSpec): boolean {
  const hasStream = Object.values(triggers ?? {}).some(({ kind, disabled }) => kind === V3IO_STREAM && disabled !== true);
  return hasStream && (minReplicas ?? undefined) !== (maxReplicas ?? undefined);
}

function* batchMistakes({ batch }: Trigger): Generator<string> {
  if (batch?.mode === 'enable' && batch.batchSize !== undefined && batch.batchSize < 1) yield 'Batch size should be 1 or higher';
}

function* ackMistakes({ kind, explicitAckMode, attributes }: Trigger): Generator<string> {
  const isExplicit = explicitAckMode === 'enable' || explicitAckMode === 'explicitOnly';
  const mode = attributes?.workerAllocationMode;
  if (STREAM_KINDS.has(kind) && isExplicit && (mode === undefined || mode === '' || mode === 'pool')) {
    yield 'Explicit ack mode is not allowed when using worker pool allocation mode';
  }
}

function* httpMistakes(spec: FunctionSpec): Generator<string> {
  const http = httpTriggersOf(spec);
  if (http.length > 1) yield "There's more than one http trigger (unsupported)";
  for (const [key, { attributes }] of http) {
    const { data, error } = httpAttributesSchema.safeParse(attributes ?? {});
    for (const issue of error?.issues ?? []) yield `spec.triggers.${key}.attributes.${issue.path.join('.')}: ${issue.message}`;
    for (const [name, { paths = [] }] of Object.entries(data?.ingresses ?? {})) {
      for (const mistake of paths.flatMap((path) => pathMistake(path) ?? [])) {
        yield `spec.triggers.${key}.attributes.ingresses.${name}: ${mistake}`;
      }
    }
  }
}

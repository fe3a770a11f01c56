import { reservedFunctionNames } from './constants.ts';
import { parseDuration } from './duration.ts';
import { platformError } from './errors.ts';
import type { FunctionConfig, FunctionSpec } from './function.ts';
import { httpAttributesSchema, httpTriggersOf } from './http-trigger.ts';

/**
 * Checks an enriched function for what its schema cannot say. Texts are Nuclio's where it has them.
 * @throws AMP_FUNCTION_NAME_RESERVED, AMP_FUNCTION_INVALID with all mistakes
 */
export function validateFunction({ metadata, spec }: FunctionConfig): void {
  if (reservedFunctionNames.includes(metadata.name)) {
    throw platformError('AMP_FUNCTION_NAME_RESERVED', {
      what: `Function name ${metadata.name} is reserved and cannot be used.`,
      fix: 'Choose another name.',
    });
  }
  const mistakes = [...sourceMistakes(spec), ...triggerMistakes(spec), ...replicaMistakes(spec), ...timeoutMistakes(spec)];
  if (mistakes.length === 0) return;
  throw platformError('AMP_FUNCTION_INVALID', { what: mistakes.join('; '), fix: 'Correct the function, then send it again.' });
}

function* sourceMistakes({ image, runtime, build }: FunctionSpec): Generator<string> {
  if (!build?.path && !build?.functionSourceCode && !build?.image && !image) {
    yield 'Function must have either spec.build.path,spec.build.functionSourceCode, spec.build.image or spec.image set in order to create';
  }
  if (image && !runtime) yield 'If image is passed, runtime must be specified';
  for (const name of [image, build?.image]) {
    if (name && !/^[\w][\w./:@-]*$/.test(name)) yield `Image name ${JSON.stringify(name)} is not valid`;
  }
}

function* triggerMistakes(spec: FunctionSpec): Generator<string> {
  for (const [key, trigger] of Object.entries(spec.triggers ?? {})) {
    if (key === '') yield 'Trigger key can not be empty';
    else if (trigger.name !== undefined && trigger.name !== key) yield `Trigger key and name mismatch (${key} != ${trigger.name})`;
  }
  const http = httpTriggersOf(spec);
  if (http.length > 1) yield "There's more than one http trigger (unsupported)";
  for (const [key, { attributes }] of http) {
    for (const issue of httpAttributesSchema.safeParse(attributes ?? {}).error?.issues ?? []) {
      yield `spec.triggers.${key}.attributes.${issue.path.join('.')}: ${issue.message}`;
    }
  }
}

function* replicaMistakes({ minReplicas, maxReplicas }: FunctionSpec): Generator<string> {
  const min = minReplicas ?? undefined;
  const max = maxReplicas ?? undefined;
  if (min === 0 && max === undefined) yield 'Max replicas must be set when min replicas is zero';
  if (max === 0) yield 'Max replicas must be greater than zero';
  else if (min !== undefined && max !== undefined && min > max) yield 'Min replicas must be less than or equal to max replicas';
}

function* timeoutMistakes({ eventTimeout }: FunctionSpec): Generator<string> {
  if (eventTimeout && parseDuration(eventTimeout) === undefined)
    yield `Event timeout ${eventTimeout} is not a duration such as 30s or 1m30s`;
}

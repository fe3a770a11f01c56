import { bringsCode } from './code.ts';
import { reservedFunctionNames, reservedServiceAccounts } from './constants.ts';
import { parseDuration } from './duration.ts';
import { platformError } from './errors.ts';
import type { FunctionConfig, FunctionSpec } from './function.ts';
import { httpTriggersOf } from './http-trigger.ts';
import { isMaskedSecretOfOther } from './masked-secret.ts';
import { scaleMetricMistakes } from './scale-metrics.ts';
import { usedSecretsOf } from './used-secrets.ts';
import { replicaMistakes } from './validate-replicas.ts';
import { triggerMistakes } from './validate-triggers.ts';

const IMAGE = /^\w[\w./:@-]*$/;

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
  const mistakes = [
    ...sourceMistakes(spec),
    ...triggerMistakes(spec),
    ...replicaMistakes(spec, httpTriggersOf(spec).length > 0),
    ...scaleMetricMistakes(spec),
    ...timeoutMistakes(spec),
    ...accountMistakes(spec),
    ...secretMistakes(spec, metadata.name),
  ];
  if (mistakes.length === 0) return;
  throw platformError('AMP_FUNCTION_INVALID', { what: mistakes.join('; '), fix: 'Correct the function, then send it again.' });
}

function* sourceMistakes({ image, runtime, build, runRegistry }: FunctionSpec): Generator<string> {
  if (!bringsCode({ build }) && !build?.path && !build?.image && !image) {
    yield 'Function must have either spec.build.path,spec.build.functionSourceCode, spec.build.image or spec.image set in order to create';
  }
  if (image && !runtime) yield 'If image is passed, runtime must be specified';
  const names = [image, build?.image, build?.baseImage, build?.onbuildImage, build?.registry, build?.baseImageRegistry, runRegistry];
  for (const name of names) if (name && !IMAGE.test(name)) yield `Image name ${JSON.stringify(name)} is not valid`;
}

function* timeoutMistakes({ eventTimeout }: FunctionSpec): Generator<string> {
  if (eventTimeout && parseDuration(eventTimeout) === undefined)
    yield `Event timeout ${eventTimeout} is not a duration such as 30s or 1m30s`;
}

function* accountMistakes({ serviceAccount }: FunctionSpec): Generator<string> {
  if (serviceAccount && reservedServiceAccounts.includes(serviceAccount)) yield `Service account ${serviceAccount} belongs to the platform`;
}

/** Anybody may know the names of these Secrets: they stand in functions. */
function* secretMistakes(spec: FunctionSpec, name: string): Generator<string> {
  for (const secret of usedSecretsOf(spec)) if (isMaskedSecretOfOther(secret, name)) yield `Secret ${secret} belongs to another function`;
}

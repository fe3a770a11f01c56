import * as z from 'zod';
import { functionSpecSchema } from './function.ts';
import { strings } from './metadata.ts';

const requirementSchema = z
  .strictObject({
    key: z.string().min(1),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: z.array(z.string()).nullish(),
  })
  .refine(
    ({ operator, values }) => operator.endsWith('In') === Boolean(values?.length),
    'needs values with In and NotIn, and none otherwise',
  );
const labelSelectorSchema = z.strictObject({ matchLabels: strings.nullish(), matchExpressions: z.array(requirementSchema).nullish() });
type LabelSelector = z.output<typeof labelSelectorSchema>;

/** They tell whose pods are whose, so functions would lose theirs. */
const deploymentSpecSchema = z.looseObject({
  selector: z.undefined('the platform alone says which pods belong to a function').optional(),
  replicas: z.undefined('replicas belong into functionConfig').optional(),
});

/** What the platform adds to the functions that have certain labels. Without any labels it is for all functions, as in Nuclio. */
export const augmentedConfigSchema = z.strictObject({
  labelSelector: labelSelectorSchema.prefault({}),
  /** Wins over what the function says, field by field; lists are taken whole. */
  functionConfig: z
    .strictObject({
      metadata: z.strictObject({ labels: strings.nullish(), annotations: strings.nullish() }).prefault({}),
      spec: functionSpecSchema.prefault({}),
    })
    .nullish(),
  /** Fills the specification of the function's Deployment where the function says nothing. */
  kubernetes: z.strictObject({ deployment: z.looseObject({ spec: deploymentSpecSchema.prefault({}) }).nullish() }).nullish(),
});
export type AugmentedConfig = z.output<typeof augmentedConfigSchema>;

/** Whether labels fit a selector, as Kubernetes has it: one without requirements fits everything. */
export function fitsLabels({ matchLabels, matchExpressions }: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (matchExpressions ?? []).every((requirement) => meets(labels[requirement.key], requirement))
  );
}

function meets(value: string | undefined, { operator, values }: z.output<typeof requirementSchema>): boolean {
  const isListed = value !== undefined && (values ?? []).includes(value);
  switch (operator) {
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'In':
      return isListed;
    case 'NotIn':
      return !isListed;
  }
}

const DEFAULT_TEMPLATE = '{{.Namespace}}.{{.Name}}-{{.Id}}';

export interface QueueNames {
  namespace: string;
  functionName: string;
  /** The trigger's. */
  name: string;
}

/** The group that all replicas of a trigger share, from Nuclio's template. @throws where it asks for anything else. */
export function queueNameOf(template: string, { namespace, functionName, name }: QueueNames): string {
  const values: Record<string, string> = { Namespace: namespace, Name: functionName, Id: name };
  return (template || DEFAULT_TEMPLATE).replaceAll(/\{\{\s*\.(\w+)\s*\}\}/g, (_, field: string) => {
    const value = values[field];
    if (value === undefined) throw new Error(`queueName asks for ${field}; it may have Namespace, Name and Id`);
    return value;
  });
}

/** The durable consumer that all replicas of a trigger share. */
export function durableOf({ durable }: { durable?: string | undefined }, { namespace, functionName, name }: QueueNames): string {
  return durable ?? `${namespace}_${functionName}-${name}`.replaceAll(/[\s.*>/\\]/g, '_');
}

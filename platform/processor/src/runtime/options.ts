export interface TriggerInfo {
  index: number;
  kind: string;
  name: string;
}

/** What a worker is made from, in whichever language. */
export interface WorkerOptions {
  /** Where the handler's code lies. */
  folder: string;
  /** spec.handler; its form depends on the language. */
  handler?: string | undefined;
  workerId: number;
  triggers: TriggerInfo[];
  functionName: string;
  namespace: string;
  /** Events that one worker may have begun and not answered. */
  concurrency: number;
  /** Whether handlers get bodies as streams. */
  streamsRequests?: boolean;
  runtimeAttributes?: Record<string, unknown> | undefined;
}

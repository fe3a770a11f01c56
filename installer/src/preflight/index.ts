export { checks } from './checks/index.ts';
export type { BundleNeeds, Check, CheckResult, Outcome, PreflightInput, Status } from './model.ts';
export { runPreflight } from './run.ts';

export type { Problem, Removal, UninstallProgress, UninstallReport } from './model.ts';
export { hasRemains, type UninstallOptions, uninstall } from './uninstall.ts';

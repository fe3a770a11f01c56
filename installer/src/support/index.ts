export { redact } from './redact.ts';
export { createSupportBundle, type SupportBundle, type SupportOptions } from './support-bundle.ts';

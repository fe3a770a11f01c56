import type { PageOptions } from './store/page.ts';

/** What of a list is wanted: that of a function, or of all, and how much of it. */
export interface Listed extends Omit<PageOptions, 'subject'> {
  /** NAMESPACE/NAME. */
  function?: string | undefined;
}

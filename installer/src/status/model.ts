/** One part of the appliance. */
export interface ComponentStatus {
  component: string;
  well: boolean;
  /** Its state in a few words. */
  detail: string;
  /** Why it is not well, or what a person should know beside. */
  reasons: string[];
}

export function well(component: string, detail: string, reasons: string[] = []): ComponentStatus {
  return { component, well: true, detail, reasons };
}

export function ill(component: string, detail: string, reasons: string[]): ComponentStatus {
  return { component, well: false, detail, reasons };
}

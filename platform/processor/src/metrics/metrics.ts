/** What triggers report beside their events. Labels of trigger, function, project and namespace are added by the maker. */
export interface Metrics {
  /** A gauge of a stream: kind is `committed_lag`, `high_water_mark` or `current_offset`. */
  streamGauge(kind: string, labels: { topic: string; partition: number }, value: number): void;
  /** The trigger has this partition no more; whoever has it now reports on it. */
  forgetStream(labels: { topic: string; partition: number }): void;
  /** A count, such as `retries`, `dead_letters`, `reconnects`. */
  count(kind: string, by?: number): void;
}

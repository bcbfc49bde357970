/**
 * A place where log lines go. A sink may fail; it never throws, never blocks and never grows: what it cannot write is
 * counted and left out.
 */
export interface LogSink {
  readonly name: string;
  /** @param line without its line end */
  write(line: string): void;
  /** Resolves when every line is written, or the sink has failed; later lines are dropped. */
  close(): Promise<void>;
}

/** News of a sink, once per change and not once per line: they are logged to the other sinks. */
export interface SinkNews {
  failed(sink: LogSink, error: unknown): void;
  /** @param lost lines that were left out meanwhile */
  recovered(sink: LogSink, lost: number): void;
}

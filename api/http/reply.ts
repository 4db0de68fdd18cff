/** One server-sent event. */
export interface ServerEvent {
  /** What a client that reconnects sends as Last-Event-ID. */
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

/** What a handler answers: a JSON document, a text of another type, or a stream of events. */
export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The task this answer is about, for the log. */
  readonly task?: string;
} & (
  | { readonly body: unknown }
  | { readonly type: string; readonly text: string }
  | { readonly events: AsyncIterable<ServerEvent> }
);

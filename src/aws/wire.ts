// HTTP as the front door sees it: whole requests and replies, before and after an AWS protocol is spoken.

/** One HTTP request, its body whole and unframed (aws-chunked framing already removed). */
export interface WireRequest {
  /** Upper case. */
  readonly method: string;
  /** The path as it was sent, percent-encoding untouched, without the query: `/`, `/bucket/a%20b`. */
  readonly path: string;
  /** The query string as it was sent, without the `?`; empty when there is none. */
  readonly query: string;
  /** Names in lower case; repeated headers joined with `,`. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** One HTTP reply. */
export interface WireResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

// What the access log says of a request. Never in it: the query string, headers that carry secrets, the body.

/** One line of the access log. */
export interface AccessRecord {
  readonly time: string;
  readonly requestId: string;
  readonly sourceAddress: string;
  /** Empty where the request could not be read as HTTP. */
  readonly method: string;
  readonly path: string;
  /** A model's name, or `registry`. */
  readonly service?: string;
  readonly operation?: string;
  readonly region?: string;
  readonly principal?: string;
  /** 499 where the client went away before it was answered. */
  readonly status: number;
  readonly errorCode?: string;
  readonly durationMs: number;
  readonly userAgent?: string;
}

/** The status of a request whose client went away before it was answered; nobody ever sees it on the wire. */
export const clientLeft = 499;

/** Milliseconds since `start` (of performance.now()), to the microsecond. */
export function since(start: number): number {
  return Math.round((performance.now() - start) * 1000) / 1000;
}

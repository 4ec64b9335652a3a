// The one error that a caller of an AWS API sees.

/** What an {@link AwsError} may carry beside its code and message. */
export interface AwsErrorDetails {
  /** HTTP status; 400 when absent (AWS answers client faults with 4xx, its own with 5xx). */
  readonly status?: number;
  /** Modelled members of the error shape beside `message`, by their member names. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * An error in AWS's own words. Handlers throw it; only `aws/gateway.ts` turns it into bytes.
 * `code` is the wire's code (`ClusterNotFoundException`, `InvalidParameterException`, `AccessDenied`, …).
 */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: AwsErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status ?? 400;
    this.members = details.members ?? {};
  }

  /** Whose fault it was, as the SDKs want to know it. */
  get fault(): 'client' | 'server' {
    return this.status >= 500 ? 'server' : 'client';
  }
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

// The image scanner's contract: what ecr asks of a program that looks for known vulnerabilities in an image.
// Real: scanner-trivy/. Fake: scanner-fake.ts.

/** An image in a registry, and what lets it be pulled. */
export interface ScannedImage {
  /** `localhost:4566/flask-api@sha256:…` */
  readonly reference: string;
  readonly username: string;
  readonly password: string;
}

export type Severity = 'CRITICAL' | 'HIGH' | 'MEDIUM' | 'LOW' | 'INFORMATIONAL' | 'UNDEFINED';

/** A vulnerability that an installed package has. */
export interface Finding {
  /** `CVE-2023-45853` */
  readonly name: string;
  readonly severity: Severity;
  readonly description?: string;
  readonly uri?: string;
  /** By ECR's names: `package_name`, `package_version`, `CVSS3_VECTOR`, … */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface ScanReport {
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** When the scanner's list of vulnerabilities was made. */
  readonly sourceUpdatedAt?: Date;
}

/**
 * `not-installed`: there is no scanner. `unsupported`: nothing in the image is of a kind that the scanner knows.
 * `failed`: it could not be done, and may be another time.
 */
export type ScannerErrorReason = 'not-installed' | 'unsupported' | 'failed';

export class ScannerError extends Error {
  override readonly name = 'ScannerError';
  readonly reason: ScannerErrorReason;

  constructor(reason: ScannerErrorReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface Scanner {
  /** `Trivy 0.69.0`; undefined where none is installed. Looked for each time: one may be installed meanwhile. */
  version(): Promise<string | undefined>;
  /** Throws {@link ScannerError}. */
  scan(image: ScannedImage, signal: AbortSignal): Promise<ScanReport>;
}

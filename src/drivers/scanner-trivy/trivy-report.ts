// Reads Trivy's JSON report (schema version 2). Pure.
// https://trivy.dev/latest/docs/configuration/reporting/#json
import { ScannerError, type Finding, type Severity } from '#drivers/scanner.ts';

interface Cvss {
  readonly V2Vector?: string;
  readonly V2Score?: number;
  readonly V3Vector?: string;
  readonly V3Score?: number;
}

interface Vulnerability {
  readonly VulnerabilityID?: string;
  readonly PkgName?: string;
  readonly InstalledVersion?: string;
  readonly FixedVersion?: string;
  readonly Severity?: string;
  readonly SeveritySource?: string;
  readonly Title?: string;
  readonly Description?: string;
  readonly PrimaryURL?: string;
  readonly CVSS?: Readonly<Record<string, Cvss>>;
}

interface Report {
  readonly SchemaVersion?: number;
  readonly Metadata?: { readonly OS?: unknown };
  readonly Results?: readonly { readonly Vulnerabilities?: readonly Vulnerability[] }[];
}

const ranks: readonly Severity[] = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL', 'UNDEFINED'];

/** The findings of a report, the worst first. Throws ScannerError `unsupported` or `failed`. */
export function readTrivyReport(text: string): Finding[] {
  const report = parse(text);
  if (report.Metadata?.OS === undefined && (report.Results ?? []).length === 0) {
    throw new ScannerError('unsupported', 'The operating system and/or package manager are not supported.');
  }
  const vulnerabilities = (report.Results ?? []).flatMap((result) => result.Vulnerabilities ?? []);
  return vulnerabilities.map(findingOf).toSorted(worstFirst);
}

function parse(text: string): Report {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    throw new ScannerError('failed', 'Trivy answered with something that is not JSON.');
  }
  const version = (report as Report | null)?.SchemaVersion;
  if (version !== 2)
    throw new ScannerError('failed', `Trivy answered in schema version ${version}; Berth reads version 2.`);
  return report as Report;
}

function findingOf(vulnerability: Vulnerability): Finding {
  const { VulnerabilityID = '', Title, Description, PrimaryURL } = vulnerability;
  const description = Description || Title;
  return {
    name: VulnerabilityID,
    severity: severityOf(vulnerability.Severity),
    ...(description ? { description } : {}),
    ...(PrimaryURL ? { uri: PrimaryURL } : {}),
    attributes: attributesOf(vulnerability),
  };
}

function severityOf(severity: string | undefined): Severity {
  return ranks.find((each) => each === severity) ?? 'UNDEFINED';
}

function attributesOf(vulnerability: Vulnerability): Record<string, string> {
  const { PkgName, InstalledVersion, FixedVersion, SeveritySource = '', CVSS = {} } = vulnerability;
  const cvss = CVSS[SeveritySource] ?? CVSS['nvd'] ?? Object.values(CVSS)[0] ?? {};
  const attributes: readonly (readonly [string, string | number | undefined])[] = [
    ['package_name', PkgName],
    ['package_version', InstalledVersion],
    ['fixed_version', FixedVersion],
    ['CVSS2_VECTOR', cvss.V2Vector],
    ['CVSS2_SCORE', cvss.V2Score],
    ['CVSS3_VECTOR', cvss.V3Vector],
    ['CVSS3_SCORE', cvss.V3Score],
  ];
  const known = attributes.filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(known.map(([name, value]) => [name, String(value)]));
}

function worstFirst(a: Finding, b: Finding): number {
  const order = (finding: Finding) =>
    `${ranks.indexOf(finding.severity)} ${finding.name} ${finding.attributes['package_name'] ?? ''}`;
  return order(a) < order(b) ? -1 : 1;
}

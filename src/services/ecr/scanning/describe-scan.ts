// A scan as the API shows it: its state, what it found in short, and the findings themselves.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanFindings.html
import type { Out } from '#aws/service.ts';
import type { Finding } from '#drivers/scanner.ts';
import type { Reader } from '#kernel/store.ts';
import type { Image } from '#services/ecr/kinds.ts';
import { type CompleteScan, scanKind, type ScanStatus } from './kinds.ts';

type Findings = NonNullable<Out<'ecr', 'DescribeImageScanFindings'>['imageScanFindings']>;
type FindingShape = NonNullable<Findings['findings']>[number];

/** What DescribeImages shows of an image's scan; nothing where none was asked for. */
export function scanSummaryOf(reader: Reader, image: Image) {
  const scan = reader.get(scanKind, image.key);
  if (scan === undefined) return {};
  const { status } = scan;
  const summary = status.state === 'COMPLETE' ? { imageScanFindingsSummary: describeResult(status) } : {};
  return { imageScanStatus: describeStatus(status), ...summary };
}

export function describeStatus(status: ScanStatus) {
  if (status.state === 'COMPLETE') {
    return { status: status.state, description: 'The scan was completed successfully.' };
  }
  return 'description' in status ? { status: status.state, description: status.description } : { status: status.state };
}

export function describeResult({ completedAt, sourceUpdatedAt, severityCounts }: CompleteScan) {
  return {
    imageScanCompletedAt: new Date(completedAt),
    ...(sourceUpdatedAt === undefined ? {} : { vulnerabilitySourceUpdatedAt: new Date(sourceUpdatedAt) }),
    findingSeverityCounts: { ...severityCounts },
  };
}

export function describeFinding({ name, description, uri, severity, attributes }: Finding): FindingShape {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(uri === undefined ? {} : { uri }),
    severity,
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
  };
}

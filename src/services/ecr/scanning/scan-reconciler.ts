// The loop of scans: what was asked for is scanned, one image at a time, and what was found is kept.
import { messageOf } from '#kernel/error.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Reconciler } from '#kernel/reconciler.ts';
import type { Store } from '#kernel/store.ts';
import type { Blobs } from '#drivers/blobs.ts';
import { ScannerError, type Finding, type ScannedImage, type Scanner } from '#drivers/scanner.ts';
import { blobNamespace } from '#services/ecr/keys.ts';
import { imageKind, repositoryKind } from '#services/ecr/kinds.ts';
import { scanKind, type ScanStatus } from './kinds.ts';
import { nameOf } from '#services/ecr/image-records.ts';
import { repositoryUri, type RegistryAddress } from '#services/ecr/names.ts';
import type { Tokens } from '#services/ecr/token.ts';
import { noScannerReason } from './errors.ts';

export interface ScanParts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly scanner: Scanner;
  readonly tokens: Tokens;
  readonly address: RegistryAddress;
}

export function createScanReconciler(parts: ScanParts): Reconciler {
  const isOpen = ({ state }: ScanStatus) => state === 'PENDING' || state === 'IN_PROGRESS';
  return {
    name: 'ecr/scan',
    watches: [scanKind.name],
    concurrency: 1,
    concerns: ({ key, after }) => (after === undefined ? [] : [key]),
    all: (reader) =>
      reader
        .list(scanKind)
        .filter(({ status }) => isOpen(status))
        .map(({ key }) => key),
    async reconcile(key, signal) {
      const target = targetOf(parts, key);
      // A scan that a restart interrupted is still in progress, and begins again.
      if (target === undefined || !isOpen(target.status)) return;
      await settle(parts, target, { state: 'IN_PROGRESS' });
      await settle(parts, target, await scan(parts, target, signal));
    },
  };
}

interface Target {
  readonly key: string;
  readonly requestedAt: number;
  readonly status: ScanStatus;
  readonly namespace: string;
  readonly image: ScannedImage;
}

/** The scan and its image; with an image its scan is gone too. */
function targetOf({ store, address, tokens }: ScanParts, key: string): Target | undefined {
  return store.read((reader) => {
    const wanted = reader.get(scanKind, key);
    const image = reader.get(imageKind, key);
    const repository = image && reader.get(repositoryKind, image.spec.repositoryKey);
    if (wanted === undefined || image === undefined || repository === undefined) return undefined;
    const name = nameOf(repository);
    const reference = `${repositoryUri(name, address)}@${image.spec.digest}`;
    return {
      key,
      requestedAt: wanted.spec.requestedAt,
      status: wanted.status,
      namespace: blobNamespace(name.scope),
      image: { reference, username: 'AWS', password: tokens.forPull(name.scope).password },
    };
  });
}

/** What becomes of a scan. Its failure is told to whoever asks for its findings, who can ask for another scan. */
async function scan(parts: ScanParts, { namespace, image }: Target, signal: AbortSignal): Promise<ScanStatus> {
  try {
    const { findings, sourceUpdatedAt } = await parts.scanner.scan(image, signal);
    return {
      state: 'COMPLETE',
      completedAt: parts.clock.now().getTime(),
      ...(sourceUpdatedAt && { sourceUpdatedAt: sourceUpdatedAt.getTime() }),
      severityCounts: countsOf(findings),
      report: await parts.blobs.put(namespace, Buffer.from(JSON.stringify(findings))),
    };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const reason = thrown instanceof ScannerError ? thrown.reason : 'failed';
    if (reason === 'unsupported') return { state: 'UNSUPPORTED_IMAGE', description: messageOf(thrown) };
    return { state: 'FAILED', description: reason === 'not-installed' ? noScannerReason : messageOf(thrown) };
  }
}

function countsOf(findings: readonly Finding[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { severity } of findings) counts[severity] = (counts[severity] ?? 0) + 1;
  return counts;
}

/** An answer to a scan that was asked for anew meanwhile, or whose image is gone, is nobody's. */
async function settle({ store }: ScanParts, { key, requestedAt }: Target, status: ScanStatus): Promise<void> {
  await store.write((tx) => {
    if (tx.get(scanKind, key)?.spec.requestedAt === requestedAt) tx.setStatus(scanKind, key, status);
  });
}

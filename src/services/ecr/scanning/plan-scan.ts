// Which images can be scanned, and which are as soon as they are pushed. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html
import type { Reader, Tx } from '#kernel/store.ts';
import type { Image, ImageSpec, Repository } from '#services/ecr/kinds.ts';
import { scanKind } from './kinds.ts';
import { registryIn } from '#services/ecr/registry-record.ts';
import { scanSettingOf } from '#services/ecr/settings/scan-settings.ts';

const dayMs = 86_400_000;
const imageConfigurations: ReadonlySet<string | undefined> = new Set([
  'application/vnd.docker.container.image.v1+json',
  'application/vnd.oci.image.config.v1+json',
]);

/** Whether it is an image for one platform: neither an index nor an artifact of another kind. */
export function isScannable(image: Pick<ImageSpec, 'artifactMediaType'>): boolean {
  return imageConfigurations.has(image.artifactMediaType);
}

/** "An image scan can only be started once per 24 hours"; a scan that failed found nothing and does not count. */
export function isScannedToday(reader: Reader, image: Image, now: Date): boolean {
  const scan = reader.get(scanKind, image.key);
  if (scan === undefined || scan.status.state === 'FAILED') return false;
  return now.getTime() - scan.spec.requestedAt < dayMs;
}

/** Asks for a scan of an image. */
export function requestScan(tx: Tx, image: Image, now: Date): void {
  const spec = { imageKey: image.key, requestedAt: now.getTime() };
  tx.put(scanKind, image.key, { spec, status: { state: 'PENDING' } });
}

/** Asks for a scan of an image that was just pushed, where its repository or its registry wants that. */
export function scanOnPush(tx: Tx, repository: Repository, image: Image, now: Date): void {
  const registry = registryIn(tx, repository.spec);
  if (!isScannable(image.spec) || !scanSettingOf(registry, repository.spec).scanOnPush) return;
  requestScan(tx, image, now);
}

// Puts images into the archive and takes them back. An archived image is there and listed, but cannot be pulled.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/archive-image.html
import type { Reader, Tx } from '#kernel/store.ts';
import type { Image } from '#services/ecr/kinds.ts';
import { imageStorageKind, type ImageStorageSpec } from './kinds.ts';

/** What is known of an image's class; an image that never was in the archive has none noted. */
export function storageOf(reader: Reader, image: Pick<Image, 'key'>): ImageStorageSpec {
  return reader.get(imageStorageKind, image.key)?.spec ?? { storageClass: 'STANDARD' };
}

export function isArchived(reader: Reader, image: Pick<Image, 'key'>): boolean {
  return storageOf(reader, image).storageClass === 'ARCHIVE';
}

/** Nothing happens where it is archived already. `now`: milliseconds since the epoch. */
export function archiveImage(tx: Tx, image: Pick<Image, 'key'>, now: number): void {
  const storage = storageOf(tx, image);
  if (storage.storageClass === 'ARCHIVE') return;
  tx.put(imageStorageKind, image.key, {
    spec: { ...storage, storageClass: 'ARCHIVE', archivedAt: now },
    status: null,
  });
}

/** At once, as the bytes never left. Nothing happens where it is not archived. `now`: milliseconds since the epoch. */
export function restoreImage(tx: Tx, image: Pick<Image, 'key'>, now: number): void {
  const storage = storageOf(tx, image);
  if (storage.storageClass === 'STANDARD') return;
  tx.put(imageStorageKind, image.key, {
    spec: { ...storage, storageClass: 'STANDARD', activatedAt: now },
    status: null,
  });
}

// Who names the bytes in the blob store.
import type { Reader } from '#kernel/store.ts';
import { bytesKey } from '#services/ecr/keys.ts';
import { imageKind, layerKind } from '#services/ecr/kinds.ts';
import { arrivalKind } from '#services/ecr/pull-through/kinds.ts';
import { scanKind } from '#services/ecr/scanning/kinds.ts';

/** Whether any record names these bytes of a registry: they must stay as long as one does. */
export function isNamed(reader: Reader, namespace: string, digest: string): boolean {
  const key = bytesKey(namespace, digest);
  return (
    reader.by(layerKind, 'bytes', key).length > 0 ||
    reader.by(imageKind, 'bytes', key).length > 0 ||
    reader.by(arrivalKind, 'bytes', key).length > 0 ||
    // A scan does not say where its findings are: in whichever registry they stay.
    reader.by(scanKind, 'report', digest).length > 0
  );
}

/** Whether an image of the repository needs this layer, or one that is on its way to it. `key`: the layer's digestKey. */
export function isNeeded(reader: Reader, key: string): boolean {
  return reader.by(imageKind, 'reference', key).length > 0 || reader.by(arrivalKind, 'blob', key).length > 0;
}

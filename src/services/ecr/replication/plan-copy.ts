// What must come along for a copy of an image to be whole: an index's images, and every blob of them all. Pure.
import type { Reader } from '#kernel/store.ts';
import { digestKey } from '#services/ecr/keys.ts';
import { type Image, imageKind, type ImageSpec, layerKind, type LayerSpec } from '#services/ecr/kinds.ts';

export interface CopyPlan {
  readonly image: Image;
  /** The image itself and, of an index, everything below it. */
  readonly manifests: readonly ImageSpec[];
  readonly layers: readonly LayerSpec[];
  /** Whether all that they reference is in the repository; an index from a pull-through cache may wait for its images. */
  readonly complete: boolean;
}

/** Undefined where the image is gone. */
export function planCopy(reader: Reader, imageKey: string): CopyPlan | undefined {
  const image = reader.get(imageKind, imageKey);
  if (image === undefined) return undefined;
  const { repositoryKey, digest } = image.spec;
  const manifests: ImageSpec[] = [];
  const layers: LayerSpec[] = [];
  let complete = true;
  const wanted = new Set([digest]);
  // A set goes on with what is added to it on the way.
  for (const each of wanted) {
    const key = digestKey(repositoryKey, each);
    const layer = reader.get(layerKind, key)?.spec;
    if (layer !== undefined) layers.push(layer);
    const manifest = reader.get(imageKind, key)?.spec;
    if (manifest === undefined) {
      complete &&= layer !== undefined;
      continue;
    }
    manifests.push(manifest);
    for (const reference of manifest.references) wanted.add(reference);
  }
  return { image, manifests, layers, complete };
}

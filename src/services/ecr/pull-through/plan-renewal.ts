// Which images of a newer index take the places of those that are here of the older one: by platform. Pure.
// OCI image spec 1.1, image-index.md: `platform` (architecture, os, os.version, variant).
import { parseManifestJson } from '#services/ecr/manifest-json.ts';

interface Descriptor {
  readonly digest?: unknown;
  readonly platform?: Readonly<Record<string, unknown>> | null;
}

/**
 * Digests of `newer` that a tag must have before it moves there, or it would give less than it does now.
 * @param isHere whether an image of `older` is complete
 */
export function planRenewal(older: Uint8Array, newer: Uint8Array, isHere: (digest: string) => boolean): string[] {
  const platforms = new Set(
    imagesOf(older)
      .filter(([digest]) => isHere(digest))
      .map(([, platform]) => platform),
  );
  return imagesOf(newer)
    .filter(([, platform]) => platforms.has(platform))
    .map(([digest]) => digest);
}

/** An index's images, each with its platform as a text; none where the manifest is no index. */
function imagesOf(manifest: Uint8Array): [digest: string, platform: string][] {
  const { manifests } = objectOf(manifest);
  const descriptors = Array.isArray(manifests) ? (manifests as (Descriptor | null)[]) : [];
  return descriptors
    .filter((each): each is Descriptor & { digest: string } => typeof each?.digest === 'string')
    .map(({ digest, platform }) => [
      digest,
      JSON.stringify(['os', 'architecture', 'variant', 'os.version'].map((each) => platform?.[each] ?? null)),
    ]);
}

/** What is no JSON object has no images; whoever takes it in says what is wrong with it. */
function objectOf(manifest: Uint8Array): { readonly manifests?: unknown } {
  try {
    return (parseManifestJson(manifest) as { manifests?: unknown } | null) ?? {};
  } catch {
    return {};
  }
}

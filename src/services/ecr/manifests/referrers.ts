// What refers to a manifest: signatures, attestations, any artifact with it as its subject. Reads only.
import type { Reader } from '#kernel/store.ts';
import { digestKey } from '#services/ecr/keys.ts';
import { type Image, imageKind } from '#services/ecr/kinds.ts';

/** The images of a repository whose subject is this digest, ordered by their own; the subject need not exist. */
export function referrersOf(reader: Reader, repository: { readonly key: string }, subject: string): Image[] {
  return reader.by(imageKind, 'subject', digestKey(repository.key, subject));
}

/** A referrer as both the registry and the API tell it. */
export interface Referrer {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes of the manifest. */
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Record<string, string>;
}

export function describeReferrer({ spec }: Image): Referrer {
  return {
    mediaType: spec.mediaType,
    digest: spec.digest,
    size: spec.manifestSize,
    ...(spec.artifactType === undefined ? {} : { artifactType: spec.artifactType }),
    ...(Object.keys(spec.annotations).length === 0 ? {} : { annotations: spec.annotations }),
  };
}

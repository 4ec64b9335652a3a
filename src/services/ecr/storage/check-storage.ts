// Compares every blob with its digest, and what is on disk with what the records name.
import type { Blobs, Damage, Digest } from '#drivers/blobs.ts';
import type { Reader } from '#kernel/store.ts';
import { blobNamespace, bytesKey, scopeOfNamespace } from '#services/ecr/keys.ts';
import { imageKind, layerKind, tagKind } from '#services/ecr/kinds.ts';
import { arrivalKind } from '#services/ecr/pull-through/kinds.ts';
import { scanKind } from '#services/ecr/scanning/kinds.ts';
import { isNamed } from './named-blobs.ts';
import { bytesGraceMs } from './plan-collection.ts';

/** Bytes that a record names and that are not there, or not what they were. */
export interface BadBlob {
  readonly namespace: string;
  readonly digest: Digest;
  readonly is: 'damaged' | 'missing';
  /** Whose it is; of bytes that no record names, nobody's. */
  readonly owners: readonly Owner[];
}

export interface Owner {
  readonly repositoryName: string;
  readonly what: 'layer' | 'manifest';
  /** Tags of the images that need it. */
  readonly tags: readonly string[];
}

export interface StorageReport {
  /** Blobs that have their digest. */
  readonly whole: Amount;
  readonly bad: readonly BadBlob[];
  /** Whole blobs that no record names; `young` ones may belong to pushes under way. */
  readonly unnamed: Amount;
  readonly young: Amount;
  /** What was found damaged before. */
  readonly putAside: readonly (Damage & { readonly namespace: string })[];
}

export interface Amount {
  readonly blobs: number;
  readonly bytes: number;
}

/** The kinds that `read` must know. */
export const checkedKinds = [layerKind, imageKind, tagKind, arrivalKind, scanKind] as const;

/** `read`: the records as they are now; `now`: the time. Reads every blob; changes nothing. */
export async function checkStorage(read: () => Promise<Reader>, blobs: Blobs, now: Date): Promise<StorageReport> {
  const records = await read();
  const tally = { whole: new Count(), unnamed: new Count(), young: new Count() };
  const bad: BadBlob[] = [];
  const putAside: (Damage & { namespace: string })[] = [];
  const present = new Set<string>();
  for (const namespace of await namespacesOf(blobs, records)) {
    for await (const { digest, size, modifiedAt } of blobs.list(namespace)) {
      const is = await blobs.verify(namespace, digest);
      if (is === undefined) continue;
      present.add(bytesKey(namespace, digest));
      if (!is) {
        bad.push({ namespace, digest, is: 'damaged', owners: ownersOf(records, namespace, digest) });
        continue;
      }
      tally.whole.add(size);
      if (isNamed(records, namespace, digest)) continue;
      (now.getTime() - modifiedAt.getTime() < bytesGraceMs ? tally.young : tally.unnamed).add(size);
    }
    for await (const damage of blobs.damaged(namespace)) putAside.push({ ...damage, namespace });
  }
  const absent = namedBlobs(records).filter(({ namespace, digest }) => !present.has(bytesKey(namespace, digest)));
  return { ...tally, bad: [...bad, ...(await missing(absent, read, blobs))], putAside };
}

interface Named {
  readonly namespace: string;
  readonly digest: Digest;
}

/** Of the blobs that were named and not seen, those that still are: what was deleted meanwhile is no loss. */
async function missing(absent: readonly Named[], read: () => Promise<Reader>, blobs: Blobs): Promise<BadBlob[]> {
  if (absent.length === 0) return [];
  const records = await read();
  const found: BadBlob[] = [];
  for (const { namespace, digest } of absent) {
    if (!isNamed(records, namespace, digest) || (await blobs.size(namespace, digest)) !== undefined) continue;
    found.push({ namespace, digest, is: 'missing', owners: ownersOf(records, namespace, digest) });
  }
  return found;
}

async function namespacesOf(blobs: Blobs, records: Reader): Promise<string[]> {
  const found = new Set(namedBlobs(records).map(({ namespace }) => namespace));
  for await (const namespace of blobs.namespaces()) if (scopeOfNamespace(namespace)) found.add(namespace);
  return [...found].toSorted();
}

/** Every blob that a record names, once. */
function namedBlobs(records: Reader): Named[] {
  const named = new Map<string, Named>();
  const every = [...records.list(layerKind), ...records.list(imageKind), ...records.list(arrivalKind)];
  for (const { key, spec } of every) {
    const [account = '', region = ''] = key.split('/', 2);
    const namespace = blobNamespace({ account, region });
    named.set(bytesKey(namespace, spec.digest), { namespace, digest: spec.digest });
  }
  return [...named.values()];
}

function ownersOf(records: Reader, namespace: string, digest: Digest): Owner[] {
  const key = bytesKey(namespace, digest);
  const layers = records.by(layerKind, 'bytes', key).map((layer): Owner => {
    const needy = records.by(imageKind, 'reference', layer.key);
    return {
      repositoryName: nameOf(layer.key),
      what: 'layer',
      tags: needy.flatMap((image) => tagsOf(records, image.key)),
    };
  });
  const manifests = records.by(imageKind, 'bytes', key).map((image): Owner => {
    return { repositoryName: nameOf(image.key), what: 'manifest', tags: tagsOf(records, image.key) };
  });
  return [...layers, ...manifests];
}

function nameOf(key: string): string {
  return key.slice(0, key.lastIndexOf('@')).split('/').slice(2).join('/');
}

function tagsOf(records: Reader, imageKey: string): string[] {
  return records.by(tagKind, 'image', imageKey).map(({ spec }) => spec.tag);
}

class Count implements Amount {
  blobs = 0;
  bytes = 0;

  add(size: number): void {
    this.blobs += 1;
    this.bytes += size;
  }
}

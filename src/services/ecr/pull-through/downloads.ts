// Blobs that arrivals wait for, on their way from upstream: each once, for its pullers and for the arrival itself.
import type { Blobs } from '#drivers/blobs.ts';
import type { UpstreamRegistry } from '#drivers/upstream-registry.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Store } from '#kernel/store.ts';
import { blobNamespace, digestKey, repositoryKey } from '#services/ecr/keys.ts';
import { layerKind, repositoryKind } from '#services/ecr/kinds.ts';
import { arrivalKind } from './kinds.ts';
import type { RepositoryName } from '#services/ecr/names.ts';
import { completeArrival, missingBlobs } from './arrivals.ts';
import { BlobFetch } from './blob-fetch.ts';
import type { Arrival } from './plan-pull.ts';

export interface DownloadParts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly upstream: UpstreamRegistry;
  readonly clock: Clock;
  readonly log: Log;
}

/** A blob that an arrived manifest waits for. */
export interface ComingBlob {
  /** Bytes. */
  readonly size: number;
  /** Begins to fetch it unless that is under way. Rejects with UpstreamError where upstream does not give it. */
  fetch(): Promise<BlobFetch>;
}

/** Blobs of one image that are fetched at once when nobody pulls it; docker takes three, too. */
const lanes = 3;
const minuteMs = 60_000;

export class Downloads {
  readonly #parts: DownloadParts;
  readonly #fetches = new Map<string, BlobFetch>();
  /** When a repository's puller last had a blob, for those of the last minute: milliseconds since the epoch. */
  readonly #pulled = new Map<string, number>();

  constructor(parts: DownloadParts) {
    this.#parts = parts;
  }

  /** A blob that a repository waits for; undefined where it waits for none such, or has it. */
  coming(name: RepositoryName, digest: string): ComingBlob | undefined {
    const repository = repositoryKey(name.scope, name.repositoryName);
    const key = digestKey(repository, digest);
    const [arrival] = this.#parts.store.read((reader) =>
      reader.get(layerKind, key) === undefined ? reader.by(arrivalKind, 'blob', key) : [],
    );
    const size = arrival?.spec.blobs[digest];
    if (arrival === undefined || size === undefined) return undefined;
    return {
      size,
      fetch: async () => {
        const fetch = this.#fetch(arrival, digest, size);
        const end = () => this.#notePull(repository);
        void fetch.kept.then(end, end);
        await fetch.opened;
        return fetch;
      },
    };
  }

  /** Milliseconds since a puller last had what an arrival waits for; 0 while somebody fetches it. */
  idleFor({ spec }: Arrival): number {
    const isFetched = Object.keys(spec.blobs).some((digest) =>
      this.#fetches.has(digestKey(spec.repositoryKey, digest)),
    );
    if (isFetched) return 0;
    return this.#parts.clock.now().getTime() - Math.max(spec.arrivedAt, this.#pulled.get(spec.repositoryKey) ?? 0);
  }

  /** Fetches all that an arrival waits for, a few blobs at a time. Throws UpstreamError. */
  async fetchAll(arrival: Arrival): Promise<void> {
    const { store } = this.#parts;
    const waiting = store.read((reader) => missingBlobs(reader, arrival)).values();
    const isMissing = (digest: string) =>
      store.read((reader) => reader.get(layerKind, digestKey(arrival.spec.repositoryKey, digest))) === undefined;
    const work = async () => {
      for (const { digest, size } of waiting) if (isMissing(digest)) await this.#fetch(arrival, digest, size).kept;
    };
    await Promise.all(Array.from({ length: lanes }, work));
  }

  #fetch({ spec }: Arrival, digest: string, size: number): BlobFetch {
    const { upstream, blobs, log } = this.#parts;
    const key = digestKey(spec.repositoryKey, digest);
    const present = this.#fetches.get(key);
    if (present !== undefined) return present;
    const namespace = blobNamespace(spec);
    const keep = () => this.#keep(spec.repositoryKey, digest, size);
    const fetch = new BlobFetch({ upstream, blobs, namespace, from: spec.upstream, digest, size, keep });
    this.#fetches.set(key, fetch);
    void fetch.kept
      .catch((error: unknown) => log.warn('a blob could not be fetched from upstream', { key, error }))
      .finally(() => this.#fetches.delete(key));
    return fetch;
  }

  #notePull(repository: string): void {
    const now = this.#parts.clock.now().getTime();
    this.#pulled.set(repository, now);
    for (const [each, at] of this.#pulled) if (now - at > minuteMs) this.#pulled.delete(each);
  }

  /** Notes a blob, and makes images of the arrivals that it was the last one for. */
  async #keep(repository: string, digest: string, size: number): Promise<void> {
    const { store, clock } = this.#parts;
    await store.write((tx) => {
      if (tx.get(repositoryKind, repository) === undefined) return;
      const now = clock.now();
      tx.put(layerKind, digestKey(repository, digest), {
        spec: { digest, size, uploadedAt: now.getTime() },
        status: null,
      });
      for (const arrival of tx.by(arrivalKind, 'blob', digestKey(repository, digest)))
        completeArrival(tx, arrival, now);
    });
  }
}

// The pull-through cache: brings images in from upstream as they are asked for, and serves them while they still come.
import { BlobError } from '#drivers/blobs.ts';
import { UpstreamError, type UpstreamManifest } from '#drivers/upstream-registry.ts';
import { AwsError } from '#kernel/error.ts';
import type { ImageId } from '#services/ecr/image-records.ts';
import { blobNamespace, digestKey, repositoryKey } from '#services/ecr/keys.ts';
import { imageKind, repositoryKind } from '#services/ecr/kinds.ts';
import { arrivalKind } from './kinds.ts';
import type { RepositoryName } from '#services/ecr/names.ts';
import { readBlob } from '#services/ecr/read-blob.ts';
import { completeArrival, missingImages, noteCheck, receiveManifest, type Received } from './arrivals.ts';
import { Downloads, type ComingBlob, type DownloadParts } from './downloads.ts';
import { planRenewal } from './plan-renewal.ts';
import { planPull, type Arrival, type PullPlan } from './plan-pull.ts';

/** What is needed to bring something in: AWS asks for both of one who pulls what is not cached yet. */
export type ImportAction = 'ecr:BatchImportUpstreamImage' | 'ecr:CreateRepository';

export interface Pull {
  readonly name: RepositoryName;
  /** A digest, or else a tag. */
  readonly id: ImageId;
  /** Throws an AwsError or RegistryError where the caller may not do this to the repository. */
  readonly authorize: (action: ImportAction) => void;
}

export interface PullThrough {
  /**
   * To be asked before an image is looked up. Gives the manifest where it came from upstream and its image is not complete
   * yet; undefined where what the store has is the answer, be it by now or all along. Throws UpstreamError where upstream
   * was needed and did not help (except that it has no such image: then the store has none either).
   */
  manifest(pull: Pull): Promise<UpstreamManifest | undefined>;
  /** To be asked where a repository has no such blob: whether it waits for it. */
  blob(name: RepositoryName, digest: string): ComingBlob | undefined;
  /** Milliseconds since a puller last had what this arrival waits for; 0 while somebody fetches it. */
  idleFor(arrival: Arrival): number;
  /** Fetches all that an arrival waits for, a few blobs at a time, and makes it an image. Throws UpstreamError. */
  complete(arrivalKey: string): Promise<void>;
}

export function createPullThrough(parts: DownloadParts): PullThrough {
  return new Cache(parts);
}

class Cache implements PullThrough {
  readonly #parts: DownloadParts;
  /** Questions to upstream that are under way: who asks the same meanwhile gets the same answer. */
  readonly #asking = new Map<string, Promise<Arrival | undefined>>();
  readonly #downloads: Downloads;

  constructor(parts: DownloadParts) {
    this.#parts = parts;
    this.#downloads = new Downloads(parts);
  }

  async manifest(pull: Pull): Promise<UpstreamManifest | undefined> {
    const { store, clock } = this.#parts;
    const plan = store.read((reader) => planPull(reader, pull.name, pull.id, clock.now()));
    if (plan.do === 'serve-own') return undefined;
    const arrival = await this.#carryOut(pull, plan);
    await store.durable();
    if (arrival === undefined || store.read((reader) => reader.get(arrivalKind, arrival.key)) === undefined) {
      return undefined;
    }
    const { digest, mediaType, manifest } = arrival.spec;
    return { digest, mediaType, body: Buffer.from(manifest) };
  }

  #carryOut(pull: Pull, plan: Exclude<PullPlan, { do: 'serve-own' }>): Promise<Arrival | undefined> {
    switch (plan.do) {
      case 'serve-arrival':
        return Promise.resolve(plan.arrival);
      case 'fetch':
        this.#authorize(pull);
        return this.#once(pull, plan.reference, () => this.#fetchMissing(pull, plan));
      case 'compare':
        if (!this.#isAllowed(pull)) return Promise.resolve(undefined);
        return this.#once(pull, plan.tag, () => this.#compare(pull, plan));
    }
  }

  async #fetchMissing({ name, id }: Pull, plan: PullPlan & { do: 'fetch' }): Promise<Arrival | undefined> {
    const { upstream } = this.#parts;
    try {
      const manifest = await upstream.manifest(plan.from, plan.reference, neverAborted());
      return await this.#receive(name, { from: plan.from, manifest, tag: id.imageDigest ? undefined : id.imageTag });
    } catch (thrown) {
      // The caller then finds neither here: ImageNotFound, or RepositoryNotFound, as everywhere.
      if (thrown instanceof UpstreamError && thrown.reason === 'not-found') return undefined;
      throw thrown;
    }
  }

  /** Looks whether upstream has moved a tag. Where it cannot be asked, what is here is served on. */
  async #compare({ name }: Pull, { from, tag, digest }: PullPlan & { do: 'compare' }): Promise<Arrival | undefined> {
    const { store, upstream, clock, log } = this.#parts;
    const repository = repositoryKey(name.scope, name.repositoryName);
    const note = (check: { checkedAt?: number; failedAt?: number }) =>
      store.write((tx) => noteCheck(tx, repository, tag, check));
    try {
      const current = await upstream.digest(from, tag, neverAborted());
      if (current !== digest) {
        const manifest = await upstream.manifest(from, tag, neverAborted());
        return await this.#renew(name, { from, manifest, tag }, digest);
      }
      await note({ checkedAt: clock.now().getTime() });
    } catch (thrown) {
      if (!(thrown instanceof UpstreamError)) throw thrown;
      const at = clock.now().getTime();
      // Upstream dropped the tag; ECR keeps what it has cached.
      await note(thrown.reason === 'not-found' ? { checkedAt: at } : { failedAt: at });
      log.warn('a cached tag could not be compared with upstream; it is served as it is', {
        repository,
        tag,
        error: thrown,
      });
    }
    return undefined;
  }

  /** Takes in what a tag is to move to; an index with those images that the tag gives now, in their newer form. */
  async #renew(name: RepositoryName, received: Omit<Received, 'now'>, digest: string): Promise<Arrival> {
    const { store, blobs } = this.#parts;
    const older = await readBlob(blobs, blobNamespace(name.scope), digest).catch(withoutBytes);
    const repository = repositoryKey(name.scope, name.repositoryName);
    const images = store.read((reader) =>
      planRenewal(
        older,
        received.manifest.body,
        (each) => reader.get(imageKind, digestKey(repository, each)) !== undefined,
      ),
    );
    return this.#receive(name, { ...received, images });
  }

  async #receive(name: RepositoryName, received: Omit<Received, 'now'>): Promise<Arrival> {
    const { store, blobs, clock } = this.#parts;
    const { body, digest } = received.manifest;
    await blobs.put(blobNamespace(name.scope), body, digest.startsWith('sha512:') ? 'sha512' : 'sha256');
    try {
      return await store.write((tx) => receiveManifest(tx, name, { ...received, now: clock.now() }));
    } catch (thrown) {
      if (!(thrown instanceof AwsError) || thrown.code !== 'InvalidParameterException') throw thrown;
      const { registry } = received.from;
      throw new UpstreamError(
        'malformed',
        `${registry} sent a manifest that cannot be kept: ${thrown.message}`,
        thrown,
      );
    }
  }

  #once(pull: Pull, reference: string, ask: () => Promise<Arrival | undefined>): Promise<Arrival | undefined> {
    const key = `${repositoryKey(pull.name.scope, pull.name.repositoryName)} ${reference}`;
    const present = this.#asking.get(key);
    if (present !== undefined) return present;
    const asking = ask().finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  #authorize({ name, authorize }: Pull): void {
    authorize('ecr:BatchImportUpstreamImage');
    const key = repositoryKey(name.scope, name.repositoryName);
    const exists = this.#parts.store.read((reader) => reader.get(repositoryKind, key)) !== undefined;
    if (!exists) authorize('ecr:CreateRepository');
  }

  /** Whoever may only pull gets what is cached. */
  #isAllowed(pull: Pull): boolean {
    try {
      this.#authorize(pull);
      return true;
    } catch (thrown) {
      this.#parts.log.debug('a cached tag is served without a look at upstream: its puller may not import', {
        repository: pull.name.repositoryName,
        error: thrown,
      });
      return false;
    }
  }

  blob(name: RepositoryName, digest: string): ComingBlob | undefined {
    return this.#downloads.coming(name, digest);
  }

  idleFor(arrival: Arrival): number {
    return this.#downloads.idleFor(arrival);
  }

  async complete(arrivalKey: string): Promise<void> {
    const { store, clock } = this.#parts;
    const arrival = store.read((reader) => reader.get(arrivalKind, arrivalKey));
    if (arrival === undefined) return;
    for (const image of store.read((reader) => missingImages(reader, arrival)))
      await this.#completeImage(arrival, image);
    await this.#downloads.fetchAll(arrival);
    await store.write((tx) => completeArrival(tx, arrival, clock.now()));
  }

  /** Brings in an image that an index waits for. */
  async #completeImage({ spec }: Arrival, image: string): Promise<void> {
    const { store, upstream } = this.#parts;
    const key = digestKey(spec.repositoryKey, image);
    if (store.read((reader) => reader.get(arrivalKind, key)) === undefined) {
      const manifest = await upstream.manifest(spec.upstream, image, neverAborted());
      const name = { scope: { account: spec.account, region: spec.region }, repositoryName: spec.repositoryName };
      await this.#receive(name, { from: spec.upstream, manifest, tag: undefined });
    }
    await this.complete(key);
  }
}

/** What is asked is for all who want it: nobody's leaving ends it. The driver keeps the time. */
function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

/** A manifest whose bytes were lost has nothing that a newer one must have. */
function withoutBytes(thrown: unknown): Buffer {
  if (thrown instanceof BlobError) return Buffer.alloc(0);
  throw thrown;
}

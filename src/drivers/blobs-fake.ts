// The blob store in memory, for tests and the simulation.
import { createHash } from 'node:crypto';
import type { Clock } from '#kernel/clock.ts';
import { hexId } from '#kernel/id.ts';
import type { Random } from '#kernel/random.ts';
import * as names from './blob-names.ts';
import type { Algorithm } from './blob-names.ts';
import type { Blobs, Damage, Digest, LastPart, Upload } from './blobs.ts';
import { Turns } from './turns.ts';

interface Stored {
  readonly content: Buffer;
  readonly modifiedAt: Date;
}

/** Blobs that live as long as the object does, or those that are made of what it left. */
export class FakeBlobs implements Blobs {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #turns = new Turns();
  readonly #uploads: Map<string, Stored>;
  readonly #blobs: Map<string, Map<Digest, Stored>>;
  readonly #damaged: Map<string, Map<Digest, Damage>>;

  /** `left`: what has all that this one shall find, as after a restart. */
  constructor({ clock, random, left }: { readonly clock: Clock; readonly random: Random; readonly left?: FakeBlobs }) {
    this.#clock = clock;
    this.#random = random;
    this.#uploads = left ? left.#uploads : new Map<string, Stored>();
    this.#blobs = left ? left.#blobs : new Map<string, Map<Digest, Stored>>();
    this.#damaged = left ? left.#damaged : new Map<string, Map<Digest, Damage>>();
  }

  async begin(namespace: string): Promise<Upload> {
    const id = hexId(this.#random);
    this.#uploads.set(uploadKey(namespace, id), this.#now(Buffer.alloc(0)));
    return { id, size: 0 };
  }

  async upload(namespace: string, id: string): Promise<Upload | undefined> {
    const found = this.#uploads.get(uploadKey(namespace, id));
    return found && { id, size: found.content.length };
  }

  async append(namespace: string, id: string, offset: number, content: AsyncIterable<Uint8Array>): Promise<Upload> {
    const key = uploadKey(namespace, id);
    return this.#turns.take(key, async () => ({ id, size: await this.#write(key, id, { offset, content }) }));
  }

  async commit(namespace: string, id: string, digest: Digest, last?: LastPart): Promise<{ readonly size: number }> {
    const { algorithm } = names.parseDigest(digest);
    const key = uploadKey(namespace, id);
    return this.#turns.take(key, async () => {
      if (last) await this.#write(key, id, last);
      const content = this.#upload(key, id);
      const found = digestOf(content, algorithm);
      if (found !== digest) throw names.wrongDigest(digest, found);
      await this.#set(namespace, digest, content);
      this.#uploads.delete(key);
      return { size: content.length };
    });
  }

  async cancel(namespace: string, id: string): Promise<void> {
    const key = uploadKey(namespace, id);
    await this.#turns.take(key, async () => void this.#uploads.delete(key));
  }

  async expire(before: Date): Promise<number> {
    let count = 0;
    for (const key of this.#uploads.keys()) {
      count += await this.#turns.take(key, async () => {
        const found = this.#uploads.get(key);
        return found !== undefined && found.modifiedAt < before && this.#uploads.delete(key) ? 1 : 0;
      });
    }
    return count;
  }

  async put(namespace: string, content: Uint8Array, algorithm: Algorithm = 'sha256'): Promise<Digest> {
    const digest = digestOf(content, algorithm);
    await this.#set(namespace, digest, Buffer.from(content));
    return digest;
  }

  async link(from: string, digest: Digest, to: string): Promise<boolean> {
    names.parseDigest(digest);
    const [source, target] = [this.#in(from), this.#in(to)];
    return this.#turns.take(`${to} ${digest}`, async () => {
      const found = source.get(digest);
      if (found === undefined) return false;
      target.set(digest, this.#now((target.get(digest) ?? found).content));
      return true;
    });
  }

  async size(namespace: string, digest: Digest): Promise<number | undefined> {
    names.parseDigest(digest);
    return this.#in(namespace).get(digest)?.content.length;
  }

  async *read(
    namespace: string,
    digest: Digest,
    range?: { readonly start: number; readonly end: number },
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { algorithm } = names.parseDigest(digest);
    const found = this.#in(namespace).get(digest);
    if (found === undefined) throw names.noSuchBlob(digest);
    const { content } = found;
    const part = names.clip(content.length, range);
    const whole = part === undefined || part.end - part.start + 1 === content.length;
    if (whole && digestOf(content, algorithm) !== digest) {
      await this.#putAside(namespace, digest, found);
      throw names.damagedBlob(digest);
    }
    if (part !== undefined) yield content.subarray(part.start, part.end + 1);
  }

  async verify(namespace: string, digest: Digest): Promise<boolean | undefined> {
    const { algorithm } = names.parseDigest(digest);
    const found = this.#in(namespace).get(digest);
    return found && digestOf(found.content, algorithm) === digest;
  }

  async delete(namespace: string, digest: Digest): Promise<void> {
    names.parseDigest(digest);
    const blobs = this.#in(namespace);
    await this.#turns.take(`${namespace} ${digest}`, async () => void blobs.delete(digest));
  }

  async deleteUnused(
    namespace: string,
    digest: Digest,
    before: Date,
    unused: () => Promise<boolean>,
  ): Promise<boolean> {
    names.parseDigest(digest);
    const blobs = this.#in(namespace);
    return this.#turns.take(`${namespace} ${digest}`, async () => {
      const found = blobs.get(digest);
      return found !== undefined && found.modifiedAt < before && (await unused()) && blobs.delete(digest);
    });
  }

  async *namespaces(): AsyncGenerator<string, void, undefined> {
    yield* this.#blobs.keys();
  }

  async *digests(namespace: string): AsyncGenerator<Digest, void, undefined> {
    yield* this.#in(namespace).keys();
  }

  async *list(
    namespace: string,
  ): AsyncGenerator<{ readonly digest: Digest; readonly size: number; readonly modifiedAt: Date }, void, undefined> {
    for (const [digest, { content, modifiedAt }] of this.#in(namespace)) {
      yield { digest, size: content.length, modifiedAt };
    }
  }

  async *damaged(namespace: string): AsyncGenerator<Damage, void, undefined> {
    names.parseNamespace(namespace);
    yield* this.#damaged.get(namespace)?.values() ?? [];
  }

  async forgetDamage(namespace: string, digest: Digest): Promise<void> {
    names.parseDigest(digest);
    this.#damaged.get(namespace)?.delete(digest);
  }

  /** Flips a bit of a blob, as an ageing disk does. Throws where there is none, or it is empty. */
  damage(namespace: string, digest: Digest): void {
    const { content, modifiedAt } = this.#in(namespace).get(digest)!;
    const flipped = Buffer.from(content);
    flipped.writeUInt8(flipped.readUInt8(0) ^ 1, 0);
    this.#in(namespace).set(digest, { content: flipped, modifiedAt });
  }

  async #putAside(namespace: string, digest: Digest, damaged: Stored): Promise<void> {
    await this.#turns.take(`${namespace} ${digest}`, async () => {
      if (this.#in(namespace).get(digest)?.content !== damaged.content) return;
      this.#in(namespace).delete(digest);
      const aside = this.#damaged.get(namespace) ?? new Map<Digest, Damage>();
      aside.set(digest, { digest, size: damaged.content.length, foundAt: this.#clock.now() });
      this.#damaged.set(namespace, aside);
    });
  }

  async #write(key: string, id: string, { offset, content }: LastPart): Promise<number> {
    const { length } = this.#upload(key, id);
    if (length !== offset) throw names.wrongOffset(offset, length);
    for await (const chunk of content) {
      this.#uploads.set(key, this.#now(Buffer.concat([this.#upload(key, id), chunk])));
    }
    this.#uploads.set(key, this.#now(this.#upload(key, id)));
    return this.#upload(key, id).length;
  }

  #set(namespace: string, digest: Digest, content: Buffer): Promise<void> {
    const blobs = this.#in(namespace);
    return this.#turns.take(`${namespace} ${digest}`, async () => void blobs.set(digest, this.#now(content)));
  }

  #now(content: Buffer): Stored {
    return { content, modifiedAt: this.#clock.now() };
  }

  #upload(key: string, id: string): Buffer {
    const found = this.#uploads.get(key);
    if (found === undefined) throw names.noSuchUpload(id);
    return found.content;
  }

  #in(namespace: string): Map<Digest, Stored> {
    names.parseNamespace(namespace);
    const found = this.#blobs.get(namespace) ?? new Map<Digest, Stored>();
    this.#blobs.set(namespace, found);
    return found;
  }
}

function uploadKey(namespace: string, id: string): string {
  return [...names.parseNamespace(namespace), id].join('/');
}

function digestOf(content: Uint8Array, algorithm: Algorithm): Digest {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
}

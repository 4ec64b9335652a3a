// The blob store in memory, for tests and the simulation.
import { createHash } from 'node:crypto';
import type { Clock } from '#kernel/clock.ts';
import { hexId } from '#kernel/id.ts';
import type { Random } from '#kernel/random.ts';
import * as names from './blob-names.ts';
import type { Algorithm } from './blob-names.ts';
import type { Blobs, Digest, Upload } from './blobs.ts';
import { Turns } from './turns.ts';

interface Stored {
  readonly content: Buffer;
  readonly modifiedAt: Date;
}

/** Blobs that live as long as the object does. */
export class FakeBlobs implements Blobs {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #turns = new Turns();
  readonly #uploads = new Map<string, Stored>();
  readonly #blobs = new Map<string, Map<Digest, Stored>>();

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock;
    this.#random = random;
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
    return this.#turns.take(key, async () => {
      const { length } = this.#upload(key, id);
      if (length !== offset) throw names.wrongOffset(offset, length);
      for await (const chunk of content) {
        this.#uploads.set(key, this.#now(Buffer.concat([this.#upload(key, id), chunk])));
      }
      return { id, size: this.#upload(key, id).length };
    });
  }

  async commit(namespace: string, id: string, digest: Digest): Promise<{ readonly size: number }> {
    const { algorithm } = names.parseDigest(digest);
    const key = uploadKey(namespace, id);
    return this.#turns.take(key, async () => {
      const content = this.#upload(key, id);
      const found = digestOf(content, algorithm);
      if (found !== digest) throw names.wrongDigest(digest, found);
      this.#in(namespace).set(digest, this.#now(content));
      this.#uploads.delete(key);
      return { size: content.length };
    });
  }

  async cancel(namespace: string, id: string): Promise<void> {
    const key = uploadKey(namespace, id);
    await this.#turns.take(key, async () => void this.#uploads.delete(key));
  }

  async expire(before: Date): Promise<number> {
    const old = [...this.#uploads].filter(([, { modifiedAt }]) => modifiedAt < before);
    for (const [key] of old) await this.#turns.take(key, async () => void this.#uploads.delete(key));
    return old.length;
  }

  async put(namespace: string, content: Uint8Array, algorithm: Algorithm = 'sha256'): Promise<Digest> {
    const digest = digestOf(content, algorithm);
    this.#in(namespace).set(digest, this.#now(Buffer.from(content)));
    return digest;
  }

  async link(from: string, digest: Digest, to: string): Promise<boolean> {
    names.parseDigest(digest);
    const found = this.#in(from).get(digest);
    const target = this.#in(to);
    if (found === undefined) return false;
    target.set(digest, this.#now(found.content));
    return true;
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
    names.parseDigest(digest);
    const found = this.#in(namespace).get(digest);
    if (found === undefined) throw names.noSuchBlob(digest);
    const part = names.clip(found.content.length, range);
    if (part !== undefined) yield found.content.subarray(part.start, part.end + 1);
  }

  async delete(namespace: string, digest: Digest): Promise<void> {
    names.parseDigest(digest);
    this.#in(namespace).delete(digest);
  }

  async *list(
    namespace: string,
  ): AsyncGenerator<{ readonly digest: Digest; readonly size: number; readonly modifiedAt: Date }, void, undefined> {
    for (const [digest, { content, modifiedAt }] of this.#in(namespace)) {
      yield { digest, size: content.length, modifiedAt };
    }
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

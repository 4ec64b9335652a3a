// Other registries in memory: what they hold is put there, what they were asked is noted, and they can be made to fail.
import { createHash } from 'node:crypto';
import {
  UpstreamError,
  type UpstreamBlob,
  type UpstreamErrorReason,
  type UpstreamManifest,
  type UpstreamRegistry,
  type UpstreamRepository,
} from './upstream-registry.ts';

const chunkBytes = 64 * 1024;

export class FakeUpstream implements UpstreamRegistry {
  /** What was asked, in order: `manifest localhost:5000/team/app:v1`. */
  readonly asked: string[] = [];
  /** While set, every question fails so. */
  failure: UpstreamErrorReason | undefined;
  /** Awaited before each chunk of a blob, and before its first. */
  pace: (digest: string, sent: number) => Promise<void> = async () => {};
  readonly #manifests = new Map<string, UpstreamManifest>();
  readonly #tags = new Map<string, string>();
  readonly #blobs = new Map<string, Buffer>();
  readonly #repositories = new Set<string>();

  putManifest(to: UpstreamRepository, tag: string | undefined, body: Buffer, mediaType: string): string {
    const digest = digestOf(body);
    this.#repositories.add(name(to));
    this.#manifests.set(`${name(to)}@${digest}`, { body, mediaType, digest });
    if (tag !== undefined) this.#tags.set(`${name(to)}:${tag}`, digest);
    return digest;
  }

  putBlob(to: UpstreamRepository, content: Buffer): string {
    const digest = digestOf(content);
    this.#repositories.add(name(to));
    this.#blobs.set(`${name(to)}@${digest}`, content);
    return digest;
  }

  /** Puts other bytes where a blob was. */
  damageBlob(from: UpstreamRepository, digest: string): void {
    const content = Buffer.from(this.#blobs.get(`${name(from)}@${digest}`) ?? []);
    content[0] = (content[0] ?? 0) ^ 1;
    this.#blobs.set(`${name(from)}@${digest}`, content);
  }

  async ping(registry: string): Promise<void> {
    this.#note(`ping ${registry}`, registry);
  }

  async manifest(from: UpstreamRepository, reference: string): Promise<UpstreamManifest> {
    return this.#find('manifest', from, reference);
  }

  async digest(from: UpstreamRepository, reference: string): Promise<string | undefined> {
    return this.#find('digest', from, reference).digest;
  }

  async blob(from: UpstreamRepository, digest: string, signal: AbortSignal): Promise<UpstreamBlob> {
    this.#note(`blob ${name(from)}@${digest}`, from.registry);
    const content = this.#blobs.get(`${name(from)}@${digest}`);
    if (content === undefined) throw new UpstreamError('not-found', `${name(from)} has no blob ${digest}.`);
    await this.pace(digest, 0);
    return { size: content.length, content: this.#stream(from.registry, digest, content, signal) };
  }

  async *#stream(registry: string, digest: string, content: Buffer, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < content.length; sent += chunkBytes) {
      if (sent > 0) await this.pace(digest, sent);
      if (signal.aborted || this.failure !== undefined) {
        throw new UpstreamError('unreachable', `${registry} went away.`);
      }
      yield content.subarray(sent, sent + chunkBytes);
    }
  }

  #find(question: 'manifest' | 'digest', from: UpstreamRepository, reference: string): UpstreamManifest {
    const separator = reference.includes(':') ? '@' : ':';
    this.#note(`${question} ${name(from)}${separator}${reference}`, from.registry);
    const digest = separator === '@' ? reference : this.#tags.get(`${name(from)}:${reference}`);
    const found = this.#manifests.get(`${name(from)}@${digest}`);
    if (found === undefined) throw new UpstreamError('not-found', `${name(from)} has no manifest ${reference}.`);
    return found;
  }

  #note(question: string, registry: string): void {
    this.asked.push(question);
    if (this.failure !== undefined) throw new UpstreamError(this.failure, `${registry} is ${this.failure}.`);
    const known = [...this.#repositories].some((each) => each.startsWith(`${registry}/`));
    if (!known) throw new UpstreamError('unreachable', `${registry} cannot be reached (ENOTFOUND).`);
  }
}

function name({ registry, repository }: UpstreamRepository): string {
  return `${registry}/${repository}`;
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

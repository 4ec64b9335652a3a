// A registry's storage with clients that push, delete and pull at once, a collector among them, and kills in between.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Blobs } from '#drivers/blobs.ts';
import type { Clock } from '#kernel/clock.ts';
import { AwsError } from '#kernel/error.ts';
import { silentLog } from '#kernel/log.ts';
import { createStore } from '#kernel/store-create.ts';
import { createMemoryDisk, type MemoryDisk } from '#kernel/store-memory.ts';
import type { Store } from '#kernel/store.ts';
import { createContents } from '#services/ecr/contents.ts';
import { ensureRepository } from '#services/ecr/create-repository.ts';
import { deleteImage, deleteRepositoryRecords, findImage, repositoryIn } from '#services/ecr/image-records.ts';
import { ecrKinds } from '#services/ecr/every-kind.ts';
import { blobNamespace, digestKey, repositoryKey } from '#services/ecr/keys.ts';
import { imageKind, layerKind, repositoryKind } from '#services/ecr/kinds.ts';
import { createLayerUploads } from '#services/ecr/layers/layer-uploads.ts';
import { storeManifest } from '#services/ecr/manifests/store-manifest.ts';
import type { RepositoryName } from '#services/ecr/names.ts';
import { createSeals } from '#services/ecr/seal.ts';
import type { Interleaver } from './interleaver.fixture.ts';
import { Life, mortalBlobs } from './mortal-blobs.fixture.ts';
import { collect, type StorageParts } from './storage-reconciler.ts';

const account = '123456789012';
/** Two of one registry and one of another. */
export const repositories: readonly RepositoryName[] = [
  { scope: { account, region: 'us-east-1' }, repositoryName: 'one' },
  { scope: { account, region: 'us-east-1' }, repositoryName: 'two' },
  { scope: { account, region: 'eu-west-1' }, repositoryName: 'three' },
];

const layers = ['layer a', 'layer b', 'layer c'].map((text) => Buffer.from(text.repeat(10)));
const configuration = Buffer.from('{"architecture":"amd64","os":"linux"}');
const mediaType = 'application/vnd.oci.image.manifest.v1+json';
/** Every image that is ever pushed: each has the configuration and some of the layers. */
export const images: readonly Buffer[] = [[0], [1], [0, 1], [2], [1, 2]].map((some) =>
  Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: { ...descriptor(configuration), mediaType: 'application/vnd.oci.image.config.v1+json' },
      layers: some.map((at) => ({ ...descriptor(layers[at]!), mediaType: 'application/vnd.oci.image.layer.v1.tar' })),
    }),
  ),
);
const contents = new Map([configuration, ...layers].map((content) => [sha256(content), content]));

const hourMs = 3_600_000;
/** A push that takes longer than this may lose layers that it was told of. */
const longestPushMs = 22 * hourMs;

/** What a test makes wrong on purpose. */
export interface Plant {
  /** What the collector works on. */
  readonly parts?: (parts: StorageParts, gate: () => Promise<void>) => StorageParts;
  /** Asks whether a layer is here without telling anybody. */
  readonly silentHead?: true;
}

export interface Setting {
  readonly interleaver: Interleaver;
  /** The blobs on the disk, as a process finds them when it starts. */
  readonly openBlobs: (clock: Clock) => Blobs;
  readonly plant?: Plant;
}

interface Process {
  readonly life: Life;
  readonly blobs: Blobs;
  readonly store: Store;
}

export class StorageWorld {
  readonly #setting: Setting;
  readonly #disk: MemoryDisk;
  readonly #clients = new Set<Promise<void>>();
  /** Images that a client was told are here, and that nobody has begun to delete since. */
  readonly #acknowledged = new Set<string>();
  /** How often an image or a repository was deleted on purpose: what was told before no longer counts. */
  readonly #deletions = new Map<string, number>();
  #process: Process | undefined;
  /** What went wrong, in the words of whoever saw it. */
  readonly faults: string[] = [];

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#disk = createMemoryDisk(setting.interleaver);
    // Some commits take long: what was written is seen, but a kill would undo it.
    this.#disk.delay = () => (setting.interleaver.pick(4) === 0 ? 20 : 1);
  }

  async start(): Promise<void> {
    const { interleaver, openBlobs } = this.#setting;
    const life = new Life();
    const blobs = mortalBlobs(openBlobs(interleaver), life, () => interleaver.gate());
    const onFatal = (): void => undefined;
    const options = { database: this.#disk.open(), kinds: ecrKinds, log: silentLog, onFatal };
    const store = await createStore(options);
    this.#process = { life, blobs, store };
    await this.#check('after a start');
  }

  /** A client's work, beside all else. */
  begin(work: () => Promise<void>): void {
    const { life } = this.#running();
    const client = work()
      .catch((thrown: unknown) => {
        if (!life.isOver && !(thrown instanceof AwsError)) this.faults.push(String(thrown));
      })
      .finally(() => this.#clients.delete(client));
    this.#clients.add(client);
  }

  /** Waits for all clients. */
  async quiet(): Promise<void> {
    await this.#setting.interleaver.finish(Promise.all(this.#clients));
  }

  async kill(): Promise<void> {
    const { interleaver } = this.#setting;
    this.#disk.crash(interleaver.pick(2) === 0);
    await interleaver.finish(this.#running().life.kill());
    await this.quiet();
    await this.start();
  }

  async push(name: RepositoryName, body: Buffer, mountFrom: RepositoryName | undefined): Promise<void> {
    const { interleaver } = this.#setting;
    const { store } = this.#running();
    const image = idOf(name, body);
    const since = interleaver.now().getTime();
    const [ofImage, ofRepository] = [this.#deletions.get(image), this.#deletions.get(name.repositoryName)];
    await store.write((tx) => void ensureRepository(tx, name, 'REPLICATION', interleaver.now()));
    for (const digest of layersOf(body)) await this.#pushLayer(name, digest, mountFrom);
    try {
      const tags = [`t${sha256(body).slice(7, 11)}`];
      await storeManifest(this.#parts(), name, { body, mediaType, tags, digest: undefined, mayCreate: () => {} });
    } catch (thrown) {
      const inTime = interleaver.now().getTime() - since < longestPushMs;
      const undisturbed = this.#deletions.get(name.repositoryName) === ofRepository;
      if (thrown instanceof AwsError && inTime && undisturbed)
        this.faults.push(`a push lost a layer: ${thrown.message}`);
      throw thrown;
    }
    if (this.#deletions.get(image) === ofImage) this.#acknowledged.add(image);
  }

  /** Where it is there. */
  async deleteImage(name: RepositoryName, body: Buffer): Promise<void> {
    this.#forget(idOf(name, body));
    await this.#running().store.write((tx) => {
      const repository = repositoryIn(tx, name);
      const digest = sha256(body);
      if (findImage(tx, repository, { imageDigest: digest })) deleteImage(tx, repository, digest);
    });
  }

  async deleteRepository(name: RepositoryName): Promise<void> {
    for (const body of images) this.#forget(idOf(name, body));
    this.#forget(name.repositoryName);
    await this.#running().store.write((tx) => {
      deleteRepositoryRecords(tx, repositoryIn(tx, name));
    });
  }

  async collect(): Promise<void> {
    const { plant, interleaver } = this.#setting;
    const parts = { ...this.#parts(), log: silentLog };
    const planted = plant?.parts?.(parts, () => interleaver.gate()) ?? parts;
    await collect(planted, new AbortController().signal);
  }

  /** Lets graces pass, and sees whether all is as it must be then. */
  async conclude(): Promise<void> {
    const { interleaver } = this.#setting;
    await this.quiet();
    await this.#check('at the end');
    for (const hours of [0, 25, 2]) {
      interleaver.pass(hours * hourMs);
      this.begin(() => this.collect());
      await this.quiet();
    }
    this.begin(async () => void (await this.#running().blobs.expire(interleaver.now())));
    await this.quiet();
    await this.#check('after the graces');
    await this.#checkNothingLeft();
  }

  async #pushLayer(name: RepositoryName, digest: string, mountFrom: RepositoryName | undefined): Promise<void> {
    const parts = { ...this.#parts(), seals: createSeals(Buffer.alloc(32, 1)) };
    const uploads = createLayerUploads(parts);
    if (await this.#isHere(name, digest)) return;
    if (mountFrom && (await uploads.mount(name, mountFrom, digest))) return;
    const { id } = await uploads.begin(name, () => {});
    const content = contents.get(digest)!;
    const offset = this.#setting.interleaver.pick(2) * 20;
    if (offset > 0) await uploads.append(name, { id, offset: 0, content: chunks(content.subarray(0, offset)) });
    await uploads.complete(name, { id, digest, last: { offset, content: chunks(content.subarray(offset)) } });
  }

  async #isHere(name: RepositoryName, digest: string): Promise<boolean> {
    const { blobs, store } = this.#parts();
    if (!this.#setting.plant?.silentHead) {
      return (await createContents({ store, blobs, log: silentLog }).blob(name, digest)) !== undefined;
    }
    const key = digestKey(repositoryKey(name.scope, name.repositoryName), digest);
    const here = store.read((reader) => reader.get(layerKind, key)) !== undefined;
    await store.durable();
    return here && (await blobs.size(blobNamespace(name.scope), digest)) !== undefined;
  }

  #parts() {
    const { life, blobs, store } = this.#running();
    const { interleaver } = this.#setting;
    const mortal: Store = {
      read: (work) => (life.check(), store.read(work)),
      write: (work) =>
        life.do(
          () => interleaver.gate(),
          () => store.write(work),
        ),
      durable: () =>
        life.do(
          () => interleaver.gate(),
          () => store.durable(),
        ),
      watch: (kinds, signal) => store.watch(kinds, signal),
      close: () => store.close(),
    };
    return { store: mortal, blobs, clock: interleaver };
  }

  #running(): Process {
    assert.ok(this.#process, 'started');
    return this.#process;
  }

  #forget(image: string): void {
    this.#deletions.set(image, (this.#deletions.get(image) ?? 0) + 1);
    this.#acknowledged.delete(image);
  }

  /** Every image that was acknowledged is there in whole, and whatever is visible has its bytes. */
  async #check(when: string): Promise<void> {
    const { store } = this.#running();
    const blobs = this.#setting.openBlobs(this.#setting.interleaver);
    const [found, held, present] = store.read((reader) => [
      reader.list(imageKind),
      reader.list(layerKind),
      new Set(reader.list(repositoryKind).map(({ key }) => key)),
    ]);
    const whole = async ({ key, spec: { digest } }: { key: string; spec: { digest: string } }): Promise<void> => {
      const [, region] = key.split('/');
      const state = await blobs.verify(`${account}.${region}`, digest);
      if (state !== true) this.faults.push(`${when}: ${key} is ${state === false ? 'damaged' : 'missing'}`);
    };
    for (const record of [...found, ...held]) await whole(record);
    const keys = new Set([...found, ...held].map(({ key }) => key));
    for (const { key, spec } of found) {
      if (!present.has(spec.repositoryKey)) this.faults.push(`${when}: ${key} has no repository`);
      for (const digest of spec.references) {
        if (!keys.has(digestKey(spec.repositoryKey, digest))) this.faults.push(`${when}: ${key} lacks ${digest}`);
      }
    }
    for (const key of this.#acknowledged) if (!keys.has(key)) this.faults.push(`${when}: ${key} was lost`);
  }

  /** Only what images need is still on the disk. */
  async #checkNothingLeft(): Promise<void> {
    const { store } = this.#running();
    const blobs = this.#setting.openBlobs(this.#setting.interleaver);
    const named = new Set<string>();
    const needed = new Set<string>();
    for (const { key, spec } of store.read((reader) => reader.list(imageKind))) {
      const [, region] = key.split('/');
      for (const digest of [spec.digest, ...spec.references]) named.add(`${region} ${digest}`);
      for (const digest of spec.references) needed.add(digestKey(spec.repositoryKey, digest));
    }
    for (const { key } of store.read((reader) => reader.list(layerKind))) {
      if (!needed.has(key)) this.faults.push(`${key} stays although no image needs it`);
    }
    for await (const namespace of blobs.namespaces()) {
      for await (const digest of blobs.digests(namespace)) {
        if (!named.has(`${namespace.split('.')[1]} ${digest}`)) this.faults.push(`${namespace} keeps ${digest}`);
      }
    }
  }
}

function idOf({ scope, repositoryName }: RepositoryName, body: Buffer): string {
  return digestKey(repositoryKey(scope, repositoryName), sha256(body));
}

function layersOf(body: Buffer): string[] {
  const { config, layers: rest } = JSON.parse(body.toString()) as { config: Named; layers: Named[] };
  return [config, ...rest].map(({ digest }) => digest);
}

interface Named {
  readonly digest: string;
}

function descriptor(content: Buffer): { digest: string; size: number } {
  return { digest: sha256(content), size: content.length };
}

function sha256(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

async function* chunks(content: Buffer): AsyncGenerator<Uint8Array> {
  yield content.subarray(0, 20);
  yield content.subarray(20);
}

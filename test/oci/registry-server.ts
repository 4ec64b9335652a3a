// A registry on a loopback port over a blob store in a temporary directory, and a client that speaks to it by fetch.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFsBlobs } from '#drivers/blobs-fs/fs-blobs.ts';
import type { MemoryDisk } from '#kernel/store-memory.ts';
import { createFixture, type Fixture } from '#services/ecr/fixture.ts';

type Body = NonNullable<RequestInit['body']>;

export interface RegistryServer extends Fixture {
  /** `127.0.0.1:12345` */
  readonly endpoint: string;
  readonly blobDirectory: string;
  /** fetch with the home account's token (or other headers), on a path of the registry. */
  ask(method: string, path: string, options?: AskOptions): Promise<Response>;
  /** Ends the server and starts another one on what it left, as after a restart. */
  restart(): Promise<RegistryServer>;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** The Authorization header; the home account's token when absent. */
  readonly authorization?: string;
}

interface Left {
  readonly directory: string;
  readonly disk: MemoryDisk;
}

/** What a registry lives as long as: a test, or a suite. */
export interface Life {
  after(end: () => Promise<void>): void;
}

/** Ends with the test. */
export async function startRegistry(t: Life, left?: Left): Promise<RegistryServer> {
  const directory = left?.directory ?? (await mkdtemp(join(tmpdir(), 'berth-oci-')));
  const server = createServer((request, response) => void fixture.ecr.registry(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const blobs = createFsBlobs(directory);
  const fixture = await createFixture({ blobs, endpoint, disk: left?.disk });
  const authorization = await fixture.authorization();
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
  t.after(async () => {
    await stop();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    ...fixture,
    endpoint,
    blobDirectory: directory,
    ask: (method, path, options = {}) =>
      fetch(`http://${endpoint}${path}`, {
        method,
        headers: { authorization: options.authorization ?? authorization, ...options.headers },
        ...(options.body === undefined ? {} : { body: options.body, duplex: 'half' }),
      } as RequestInit),
    async restart() {
      await stop();
      return startRegistry(t, { directory, disk: fixture.disk });
    },
  };
}

/** The most bytes that any upload under way has. */
export async function uploadBytes(server: RegistryServer): Promise<number> {
  const entries = await readdir(server.blobDirectory, { recursive: true, withFileTypes: true });
  const uploads = entries.filter(
    (entry) => entry.isFile() && entry.parentPath.startsWith(`${server.blobDirectory}/uploads`),
  );
  const sizes = uploads.map(({ parentPath, name }) => stat(`${parentPath}/${name}`));
  const settled = await Promise.allSettled(sizes);
  return Math.max(0, ...settled.map((each) => (each.status === 'fulfilled' ? each.value.size : 0)));
}

export function sha256(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** Pushes a blob in one request; gives its descriptor. */
export async function pushBlob(
  server: RegistryServer,
  repository: string,
  content: string | Uint8Array<ArrayBuffer>,
): Promise<{ digest: string; size: number }> {
  const digest = sha256(content);
  const reply = await server.ask('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, {
    body: content,
  });
  if (reply.status !== 201) throw new Error(`pushing a blob: ${reply.status} ${await reply.text()}`);
  return { digest, size: Buffer.byteLength(content) };
}

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
export const indexType = 'application/vnd.oci.image.index.v1+json';

/** Puts a manifest under a tag or digest. */
export function putManifest(
  server: RegistryServer,
  repository: string,
  reference: string,
  manifest: object | string,
): Promise<Response> {
  const body = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  const mediaType = (JSON.parse(body) as { mediaType?: string }).mediaType ?? manifestType;
  return server.ask('PUT', `/v2/${repository}/manifests/${reference}`, {
    body,
    headers: { 'content-type': mediaType },
  });
}

/** Pushes an image of one layer under a tag; gives its manifest, as text, and its digest. */
export async function pushImage(
  server: RegistryServer,
  repository: string,
  tag: string,
  layer = `layer of ${tag}`,
): Promise<{ text: string; digest: string; layer: string; config: string }> {
  const config = await pushBlob(server, repository, JSON.stringify({ architecture: 'amd64', os: 'linux', tag }));
  const pushed = await pushBlob(server, repository, layer);
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...pushed }],
  });
  const reply = await putManifest(server, repository, tag, text);
  if (reply.status !== 201) throw new Error(`pushing a manifest: ${reply.status} ${await reply.text()}`);
  return { text, digest: sha256(text), layer: pushed.digest, config: config.digest };
}

/** The code of an error reply, in the spec's form. */
export async function errorCode(reply: Response): Promise<string> {
  const { errors } = (await reply.json()) as { errors: { code: string; message: string }[] };
  return errors[0]!.code;
}

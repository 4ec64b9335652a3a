// Images of random bytes as OCI image layouts, so that no registry has seen any of them before.
// https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { systemRandom } from '#kernel/random.ts';

export interface ImageSize {
  readonly layers: number;
  /** Bytes of each layer. */
  readonly layerBytes: number;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Writes an image of one tag, `v1`, into a folder that is made for it. */
export function writeOciLayout(folder: string, { layers, layerBytes }: ImageSize): void {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const written = Array.from({ length: layers }, () => writeLayer(folder, layerBytes));
  const config = writeBlob(folder, 'application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: written.map(({ diffId }) => diffId) },
  });
  const manifest = writeBlob(folder, 'application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: written.map(({ descriptor }) => descriptor),
  });
  const tagged = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'v1' } };
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [tagged] }));
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}

/** Stored by gzip as it is: what is random does not shrink, and clients need not try to compress it. */
function writeLayer(folder: string, bytes: number): { diffId: string; descriptor: Descriptor } {
  const content = systemRandom.bytes(bytes);
  const zipped = gzipSync(content, { level: 0 });
  return {
    diffId: digestOf(content),
    descriptor: write(folder, 'application/vnd.oci.image.layer.v1.tar+gzip', zipped),
  };
}

function writeBlob(folder: string, mediaType: string, value: unknown): Descriptor {
  return write(folder, mediaType, Buffer.from(JSON.stringify(value)));
}

function write(folder: string, mediaType: string, content: Buffer): Descriptor {
  const digest = digestOf(content);
  writeFileSync(join(folder, 'blobs/sha256', digest.slice('sha256:'.length)), content);
  return { mediaType, digest, size: content.length };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

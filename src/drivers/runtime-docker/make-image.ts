// Makes an image of one static program as a docker archive, which every engine loads alike (a build differs by builder).
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

/** A statically linked program of this machine, and its arguments (without its own name). */
export interface Program {
  readonly path: string;
  readonly argv: readonly string[];
}

/** Files carry no times, so the same program always gives the same image. */
const longAgo = new Date(0);

/**
 * The archive that POST /images/load takes, in memory (programs of a few megabytes). The program lies at
 * `/<its file name>` and is the entry point together with its arguments. `architecture` is Go's name, e.g. `amd64`.
 */
export async function imageArchive(reference: string, program: Program, architecture: string): Promise<Buffer> {
  const name = basename(program.path);
  const layer = await tar([{ name, mode: 0o755, content: await readFile(program.path) }]);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      created: longAgo.toISOString(),
      config: { Entrypoint: [`/${name}`, ...program.argv] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
      history: [{ created: longAgo.toISOString(), created_by: `${name} ${program.argv.join(' ')}`.trim() }],
    }),
  );
  const configName = `${sha256(config)}.json`;
  const manifest = [{ Config: configName, RepoTags: [reference], Layers: ['layer.tar'] }];
  return tar([
    { name: configName, mode: 0o644, content: config },
    { name: 'layer.tar', mode: 0o644, content: layer },
    { name: 'manifest.json', mode: 0o644, content: Buffer.from(JSON.stringify(manifest)) },
  ]);
}

interface TarFile {
  readonly name: string;
  readonly mode: number;
  readonly content: Buffer;
}

function tar(files: readonly TarFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, mode, content } of files) archive.entry({ name, mode, mtime: longAgo }, content);
  archive.finalize();
  return buffer(archive);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

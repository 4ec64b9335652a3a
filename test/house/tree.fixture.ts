// A small tree of files beside the house's real tools and configuration, where a violation harms nobody.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

export interface Tree {
  /** Writes a file; its folders are made. */
  plant(path: string, text: string): Promise<void>;
  /** What a tool of node_modules (`knip/bin/knip.js`) prints as JSON, whether it finds fault or not. */
  run(tool: string, ...told: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Makes a tree with copies of the house's files at `configuration`. */
export async function createTree(...configuration: readonly string[]): Promise<Tree> {
  const at = await mkdtemp(join(tmpdir(), 'berth-house-'));
  for (const path of configuration) await cp(join(root, path), join(at, path));
  await symlink(join(root, 'node_modules'), join(at, 'node_modules'));
  return {
    async plant(path, text) {
      await mkdir(dirname(join(at, path)), { recursive: true });
      await writeFile(join(at, path), text);
    },
    run: (tool, ...told) => run(at, [join(root, 'node_modules', tool), ...told]),
    remove: () => rm(at, { recursive: true }),
  };
}

function run(cwd: string, told: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    execFile(process.execPath, told, { cwd, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) =>
      stdout.startsWith('{') ? done(stdout) : fail(new Error(`${told.join(' ')}: ${stdout}${stderr}`)),
    );
  });
}

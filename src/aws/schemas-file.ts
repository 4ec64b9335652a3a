// Where a model's extracted schemas lie: one file for each model, SDK version and Node version.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ModelName } from './models.ts';

const root = new URL('../../', import.meta.url);
let stamp: string | undefined;

/** The path of the file; it need not exist yet. Other versions have other paths, so what is there is never stale. */
export function schemasFile(name: ModelName): string {
  stamp ??= createHash('sha256')
    .update(readFileSync(new URL('package-lock.json', root)))
    .update(process.versions.v8)
    .digest('hex')
    .slice(0, 16);
  return fileURLToPath(new URL(`generated/schemas/${stamp}/${name}`, root));
}

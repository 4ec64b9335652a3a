// The SDK's schemas without the SDK: a client package takes up to 60 MB of memory, what we need of it a few hundred KB.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deserialize } from 'node:v8';
import type { ModelName } from './models.ts';
import { schemasFile } from './schemas-file.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('extract-schemas.ts', import.meta.url));

/**
 * The schema tuples of a model's operations and errors. They are extracted by a process of their own where that has not
 * been done yet (script/setup does it for all models).
 */
export async function readSchemas(name: ModelName): Promise<readonly unknown[]> {
  const file = schemasFile(name);
  if (!existsSync(file)) await run(process.execPath, [program, name]);
  return deserialize(await readFile(file)) as readonly unknown[];
}

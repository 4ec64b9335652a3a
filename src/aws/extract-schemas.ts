// A program: takes a model's schemas out of its SDK package and writes them to a file. Run by schemas.ts and script/setup.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { serialize } from 'node:v8';
import { catalog, type ModelName } from './models.ts';
import { schemasFile } from './schemas-file.ts';
import { isErrorTuple, isOperationTuple } from './shape.ts';

/** The same tuples with every function that returns a schema replaced by that schema: plain data, cycles and all. */
function flatten(schema: unknown, seen: Map<unknown, unknown>): unknown {
  if (typeof schema === 'function') return flatten((schema as () => unknown)(), seen);
  if (!Array.isArray(schema)) return schema;
  const known = seen.get(schema);
  if (known !== undefined) return known;
  const flat: unknown[] = [];
  seen.set(schema, flat);
  for (const part of schema) flat.push(flatten(part, seen));
  return flat;
}

async function extract(name: ModelName): Promise<void> {
  const exports = Object.values(await catalog[name].load());
  const seen = new Map<unknown, unknown>();
  const schemas = exports.filter((value) => isOperationTuple(value) || isErrorTuple(value));
  const file = schemasFile(name);
  mkdirSync(dirname(file), { recursive: true });
  // Of its own name first: another process may be reading, or writing the same.
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, serialize(schemas.map((schema) => flatten(schema, seen))));
  renameSync(fresh, file);
}

const isModelName = (name: string): name is ModelName => Object.hasOwn(catalog, name);

const named = process.argv.slice(2).filter(isModelName);
for (const name of named.length > 0 ? named : (Object.keys(catalog) as ModelName[])) await extract(name);

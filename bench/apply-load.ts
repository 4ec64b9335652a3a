// Puts a server under the load of a client that is a process of its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Load, Outcome } from './load-client.ts';
import { root } from './server-process.ts';

/** Applies a load from a process of its own. Rejects where an answer is not 200. */
export async function applyLoad(load: Load): Promise<Outcome> {
  const child = fork(join(root, 'bench/load-client.ts'), { serialization: 'advanced' });
  const answered = once(child, 'message') as Promise<[Outcome]>;
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the client ended with code ${code}`)));
  child.send(load);
  const [outcome] = await Promise.race([answered, ended]);
  ended.catch(() => undefined); // It ends as it should, having answered.
  if (outcome.refused > 0) throw new Error(`${outcome.refused} refused answers: ${outcome.firstRefusal}`);
  return outcome;
}

export function perSecond({ answers: count, seconds }: Outcome): number {
  return count / seconds;
}

// The second door: AWS's own registry names, by TLS, where they are set up and their port can be had.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { messageOf } from '#kernel/error.ts';
import { awsHostnamesPort, endsSoon, listenRefusal, readAwsHostnames, type AwsHostnames } from './aws-hostnames.ts';
import { createRegistryServer, type HttpServerParts } from './http-server.ts';

export interface AwsDoor {
  /** The host names that are served; none where nothing is set up or something is in the way. */
  readonly names: readonly string[];
  /** What does not work as it was set up, and what to do. */
  readonly warning?: string;
  readonly server?: Server;
}

/** Never rejects: Berth does without these names where it must, and says why. */
export async function openAwsDoor(folder: string, parts: HttpServerParts): Promise<AwsDoor> {
  try {
    const known = readAwsHostnames(folder);
    return known === undefined ? { names: [] } : await open(known, parts);
  } catch (thrown) {
    return { names: [], warning: `AWS's registry names are not served: ${messageOf(thrown)}` };
  }
}

async function open(known: AwsHostnames, parts: HttpServerParts): Promise<AwsDoor> {
  const { address, names, certificate, keyFile, validTo } = known;
  const door = { hosts: new Set(names), origins: new Set<string>(), only: true };
  const server = await createRegistryServer({ ...parts, door }, { certificate, key: readKey(keyFile) });
  try {
    server.listen(awsHostnamesPort, address);
    await once(server, 'listening');
  } catch (thrown) {
    const { why, remedy } = listenRefusal(thrown, address);
    throw new Error(`${why}. ${remedy}`, { cause: thrown });
  }
  if (!endsSoon(known, parts.clock.now())) return { names, server };
  const ends = validTo.toISOString().slice(0, 10);
  const warning = `The certificate of AWS's registry names ends on ${ends}: run script/setup --aws-hostnames again`;
  return { names, server, warning };
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new Error(`${messageOf(thrown)}; run script/setup --aws-hostnames again, by sudo as this user`, {
      cause: thrown,
    });
  }
}

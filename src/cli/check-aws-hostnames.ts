// `berth doctor` on AWS's own registry names: does everything that script/setup --aws-hostnames set up lead to Berth?
import { accessSync, constants } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { awsHostnamesPort, endsSoon, listenRefusal, readAwsHostnames, type AwsHostnames } from '#aws-hostnames.ts';
import type { Config } from '#config.ts';
import { Engine, socketPathOf } from '#drivers/runtime-docker/engine.ts';
import { systemClock } from '#kernel/clock.ts';
import { findHolder } from '#kernel/data-directory.ts';
import { messageOf } from '#kernel/error.ts';
import type { Finding } from './finding.ts';

const setUpAgain = 'As root, run script/setup --aws-hostnames again.';

/** The first thing that is wrong, in the order of a request's way. */
export async function awsHostnames({ awsHostnames: folder, data }: Config): Promise<Finding> {
  try {
    const known = readAwsHostnames(folder);
    if (known === undefined) return { well: 'not set up (script/setup --aws-hostnames would do it)' };
    return (await wrongOnTheWay(known)) ?? (await wrongWithListener(known, data)) ?? { well: known.names.join(', ') };
  } catch (thrown) {
    return { wrong: messageOf(thrown), mend: setUpAgain };
  }
}

async function wrongOnTheWay(known: AwsHostnames): Promise<Finding | undefined> {
  const { names, address, validTo } = known;
  for (const name of names) {
    const found = await lookup(name).catch(() => undefined);
    if (found?.address !== address) {
      return { wrong: `${name} leads to ${found?.address ?? 'no address'}, not to ${address}`, mend: setUpAgain };
    }
  }
  if (endsSoon(known, systemClock.now())) {
    return { wrong: `the certificate ends on ${validTo.toISOString().slice(0, 10)}`, mend: setUpAgain };
  }
  return wrongWithProxy(names);
}

/** Docker Engine asks its own proxy for whatever that is not told to leave out. */
async function wrongWithProxy(names: readonly string[]): Promise<Finding | undefined> {
  const engine = new Engine(socketPathOf(process.env['DOCKER_HOST']));
  try {
    const { HttpsProxy = '', NoProxy = '' } = await engine.json<{ HttpsProxy?: string; NoProxy?: string }>({
      method: 'GET',
      path: '/info',
    });
    const exempt = NoProxy.split(',').map((entry) => entry.trim().replace(/^\*?\.?/, ''));
    const name = names.find((each) => !exempt.some((entry) => each === entry || each.endsWith(`.${entry}`)));
    if (HttpsProxy === '' || exempt.includes('') || name === undefined) return undefined;
    return {
      wrong: `Docker Engine asks its proxy for ${name}`,
      mend: `Add ${names.join(',')} to the NO_PROXY of dockerd, and restart it.`,
    };
  } catch {
    return undefined; // The engine's own check says so.
  } finally {
    engine.close();
  }
}

async function wrongWithListener(known: AwsHostnames, data: string): Promise<Finding | undefined> {
  const { names, address, keyFile } = known;
  const holder = findHolder(data);
  if (names.every((name) => holder?.names?.includes(name))) return undefined;
  if (holder?.warning !== undefined) return { wrong: holder.warning, mend: 'Then start Berth again.' };
  try {
    accessSync(keyFile, constants.R_OK);
  } catch (thrown) {
    return { wrong: messageOf(thrown), mend: 'Run script/setup --aws-hostnames again, by sudo as the user of Berth.' };
  }
  const refusal = await tryToListen(address);
  if (refusal !== undefined) return { wrong: refusal.why, mend: `${refusal.remedy}.` };
  return holder === undefined
    ? undefined
    : { wrong: 'Berth was started before they were set up', mend: 'Start it again.' };
}

function tryToListen(address: string): Promise<ReturnType<typeof listenRefusal> | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (thrown) => resolve(listenRefusal(thrown, address)));
    server.listen(awsHostnamesPort, address, () => server.close(() => resolve(undefined)));
  });
}

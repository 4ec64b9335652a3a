// `berth registry check`: reads every blob of the registry, says which are damaged or missing, and has damage put aside.
import { ECR } from '@aws-sdk/client-ecr';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '#config.ts';
import { createFsBlobs } from '#drivers/blobs-fs/fs-blobs.ts';
import { systemClock } from '#kernel/clock.ts';
import { findHolder, openDataDirectory } from '#kernel/data-directory.ts';
import { readSnapshot } from '#kernel/store-snapshot.ts';
import {
  checkedKinds,
  checkStorage,
  type Amount,
  type BadBlob,
  type Owner,
  type StorageReport,
} from '#services/ecr/storage/check-storage.ts';
import { rootKeysOf } from './account-root-keys.ts';
import { requireInstallation } from './installation.ts';

/** A page for people; `whole` where nothing is damaged or missing. Works whether Berth runs or not. */
export async function registryCheck(config: Config): Promise<{ readonly report: string; readonly whole: boolean }> {
  const database = join(resolve(config.data), 'berth.db');
  if (!existsSync(database)) throw new Error(`There is no Berth in ${config.data}: choose its directory with --data`);
  const blobs = createFsBlobs(join(resolve(config.data), 'blobs'));
  const found = await checkStorage(() => readSnapshot(database, checkedKinds), blobs, systemClock.now());
  const damaged = found.bad.filter(({ is }) => is === 'damaged');
  if (damaged.length > 0) await putAside(config, damaged);
  return { report: page(found), whole: found.bad.length === 0 };
}

/**
 * Only the process that serves may move blobs, since others commit them there meanwhile: it puts damage aside when it
 * comes to read it. Where none serves, this one takes the directory and does so itself.
 */
async function putAside(config: Config, damaged: readonly BadBlob[]): Promise<void> {
  if (findHolder(config.data) !== undefined) return readThroughServer(config, damaged);
  const directory = openDataDirectory(config.data, systemClock);
  try {
    const blobs = createFsBlobs(directory.directory('blobs'));
    for (const { namespace, digest } of damaged) {
      await spend(blobs.read(namespace, digest)).catch(() => undefined);
    }
  } finally {
    directory.release();
  }
}

async function readThroughServer(config: Config, damaged: readonly BadBlob[]): Promise<void> {
  const installation = requireInstallation(config.data);
  for (const { namespace, digest, owners } of damaged) {
    const [account = ''] = namespace.split('.', 1);
    const credentials = rootKeysOf(account, installation, config.data);
    const ecr = new ECR({ endpoint: installation.endpoint, region: installation.home.region, credentials });
    const { authorizationData = [] } = await ecr.getAuthorizationToken({});
    ecr.destroy();
    const headers = { authorization: `Basic ${authorizationData[0]?.authorizationToken}` };
    for (const { repositoryName, what } of owners.slice(0, 1)) {
      const place = `${namespace}/${repositoryName}/${what === 'layer' ? 'blobs' : 'manifests'}/${digest}`;
      // That it breaks off is what tells that the server has seen the damage.
      const reply = await fetch(`${installation.endpoint}/v2/${place}`, { headers });
      if (reply.body) await spend(reply.body).catch(() => undefined);
    }
  }
}

async function spend(content: AsyncIterable<unknown>): Promise<void> {
  const chunks = content[Symbol.asyncIterator]();
  while (!(await chunks.next()).done);
}

function page({ whole, bad, unnamed, young, putAside: aside }: StorageReport): string {
  const healed = aside.filter(
    ({ namespace, digest }) => !bad.some((one) => one.namespace === namespace && one.digest === digest),
  );
  const lines = [
    `${amount(whole)} have their digest.`,
    ...bad.map(({ namespace, digest, is, owners }) => {
      return `${is.toUpperCase().padEnd(7)}  ${digest}\n${ownerLines(namespace, owners)}`;
    }),
    ...(unnamed.blobs > 0
      ? [`${amount(unnamed)} belong to no repository any more; Berth removes them by itself.`]
      : []),
    ...(young.blobs > 0 ? [`${amount(young)} are younger than an hour and belong to no repository (yet).`] : []),
    ...healed.map(({ namespace, digest, foundAt }) => {
      return `Put aside as damaged on ${foundAt.toISOString()}, and pushed again or not needed since: ${namespace} ${digest}`;
    }),
    bad.length === 0 ? 'Nothing is damaged or missing.' : mend(bad),
  ];
  return `${lines.join('\n')}\n`;
}

function ownerLines(namespace: string, owners: readonly Owner[]): string {
  if (owners.length === 0) return `         of no repository of ${namespace}: nothing is lost`;
  return owners
    .map(({ repositoryName, what, tags }) => {
      const images = tags.length === 0 ? 'no tagged image' : tags.join(', ');
      return `         ${what} of ${namespace}/${repositoryName} (${images})`;
    })
    .join('\n');
}

function mend(bad: readonly BadBlob[]): string {
  const count = bad.length === 1 ? '1 blob is' : `${bad.length} blobs are`;
  return `${count} damaged or missing. To mend them, push the images above again: what is missing is sent anew.`;
}

function amount({ blobs, bytes }: Amount): string {
  return `${blobs} ${blobs === 1 ? 'blob' : 'blobs'} (${size(bytes)})`;
}

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

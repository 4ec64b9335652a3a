// Writes docs/coverage.md from the operation tables; with --check, fails where the page is not what it would write.
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createApp, type World } from '#app.ts';
import { loadModel } from '#aws/codec.ts';
import { catalog, type ModelName } from '#aws/models.ts';
import type { Service } from '#aws/service.ts';
import { FakeScanner } from '#drivers/scanner-fake.ts';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { FakeEngine } from '#drivers/fake-engine.ts';
import { createFakeJournal } from '#drivers/journal-fake.ts';
import { FakeRuntime } from '#drivers/runtime-fake.ts';
import { FakeUpstream } from '#drivers/upstream-registry-fake.ts';
import { silentLog } from '#kernel/log.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import { createMemoryDisk } from '#kernel/store-memory.ts';
import { VirtualClock } from '#kernel/virtual-clock.ts';
import { coveragePage } from './coverage-page.ts';

const path = resolve(import.meta.dirname, '../docs/coverage.md');

/** A world in which nothing happens. */
function stillWorld(): World {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  return {
    clock,
    random,
    log: silentLog,
    database: createMemoryDisk(clock).open(),
    runtime: new FakeRuntime(new FakeEngine({ clock, random })),
    architecture: 'X86_64',
    scanner: new FakeScanner(),
    blobs: new FakeBlobs({ clock, random }),
    upstream: new FakeUpstream(),
    journal: createFakeJournal(),
    recordAccess: () => {},
    onFatal(error) {
      throw error;
    },
  };
}

/** The services of the real wiring. */
async function wiredServices(): Promise<readonly Service[]> {
  const account = '123456789012';
  const installation = {
    home: { account, region: 'us-east-1' },
    root: { account, accessKeyId: 'unused', secretAccessKey: 'unused' },
    registryEndpoint: 'localhost:4566',
    vpcCidr: '172.31.0.0/16',
    installation: 'coverage',
    pageTokenKey: Buffer.alloc(32),
    registryTokenKey: Buffer.alloc(32),
    accountKeysKey: Buffer.alloc(32),
  };
  const { services } = await createApp(installation, stillWorld());
  return services;
}

const models = await Promise.all((Object.keys(catalog) as ModelName[]).map(loadModel));
const page = coveragePage(models, await wiredServices());
if (process.argv.includes('--check')) {
  if ((await readFile(path, 'utf8')) !== page) {
    console.error('docs/coverage.md is out of date: run node script/generate-coverage.ts');
    process.exitCode = 1;
  }
} else {
  await writeFile(path, page);
}

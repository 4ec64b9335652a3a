// Scans: when they are made, what is told of them, and that nothing is told that no scanner found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { FakeScanner } from '#drivers/scanner-fake.ts';
import { ScannerError, type Finding } from '#drivers/scanner.ts';
import { systemClock } from '#kernel/clock.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import { createFixture, home } from '#services/ecr/fixture.ts';
import { scanKind } from './kinds.ts';
import { pushImage } from '#services/ecr/pushed-image.fixture.ts';

const repositoryName = 'api';
const trivy = 'Trivy 0.69.0';

async function start(scanner = new FakeScanner(trivy), scanOnPush = false) {
  const blobs = new FakeBlobs({ clock: systemClock, random: seededRandom(1) });
  const ecr = await createFixture({ blobs, scanner });
  await ecr.call('CreateRepository', { repositoryName, imageScanningConfiguration: { scanOnPush } });
  const reconciler = ecr.ecr.reconcilers.find(({ name }) => name === 'ecr/scan')!;
  /** Does every scan that is asked for. */
  async function scanAll() {
    for (const key of ecr.store.read((reader) => reconciler.all(reader))) {
      await reconciler.reconcile(key, new AbortController().signal);
    }
  }
  /** Pushes an image whose configuration has a media type; gives its digest. */
  async function push(tag: string, mediaType?: string) {
    const name = { scope: home, repositoryName };
    return (await pushImage({ ...ecr, blobs }, name, { tag, content: tag, ...(mediaType && { mediaType }) })).digest;
  }
  const imageId = { imageTag: 'v1' };
  const findings = (more = {}) => ecr.call('DescribeImageScanFindings', { repositoryName, imageId, ...more });
  const startScan = () => ecr.call('StartImageScan', { repositoryName, imageId });
  return { ...ecr, scanner, scanAll, push, findings, startScan };
}

const cve: Finding = {
  name: 'CVE-2023-45853',
  severity: 'CRITICAL',
  description: 'MiniZip in zlib through 1.3 has an integer overflow.',
  uri: 'https://avd.aquasec.com/nvd/cve-2023-45853',
  attributes: { package_name: 'zlib1g', package_version: '1:1.2.13.dfsg-1' },
};

test('a scan that was asked for is made, and what it found is told', async () => {
  const scanner = new FakeScanner(trivy);
  scanner.answer = () => ({ findings: [cve, { ...cve, severity: 'LOW' }], sourceUpdatedAt: new Date(86_400_000) });
  const { startScan, findings, scanAll, push, call } = await start(scanner);
  const digest = await push('v1');
  const { imageScanStatus, imageId } = await startScan();
  assert.deepEqual(
    { imageScanStatus, imageId },
    {
      imageScanStatus: { status: 'PENDING' },
      imageId: { imageTag: 'v1', imageDigest: digest },
    },
  );
  assert.equal((await findings()).imageScanFindings, undefined);
  await scanAll();
  const found = await findings();
  assert.equal(found.imageScanStatus?.status, 'COMPLETE');
  assert.deepEqual(found.imageScanFindings?.findingSeverityCounts, { CRITICAL: 1, LOW: 1 });
  assert.deepEqual(found.imageScanFindings?.vulnerabilitySourceUpdatedAt, new Date(86_400_000));
  assert.deepEqual(found.imageScanFindings?.findings?.[0], {
    ...cve,
    attributes: [
      { key: 'package_name', value: 'zlib1g' },
      { key: 'package_version', value: '1:1.2.13.dfsg-1' },
    ],
  });
  const { imageDetails = [] } = await call('DescribeImages', { repositoryName });
  assert.equal(imageDetails[0]?.imageScanStatus?.status, 'COMPLETE');
  assert.deepEqual(imageDetails[0]?.imageScanFindingsSummary?.findingSeverityCounts, { CRITICAL: 1, LOW: 1 });
  assert.match(scanner.scanned[0]!.reference, /^localhost:4566\/api@sha256:/);
});

test('findings come in pages', async () => {
  const scanner = new FakeScanner(trivy);
  scanner.answer = () => ({ findings: ['1', '2', '3'].map((name) => ({ ...cve, name })) });
  const { startScan, findings, scanAll, push } = await start(scanner);
  await push('v1');
  await startScan();
  await scanAll();
  const first = await findings({ maxResults: 2 });
  const second = await findings({ maxResults: 2, nextToken: first.nextToken });
  const names = [first, second].map((page) => page.imageScanFindings?.findings?.map(({ name }) => name));
  assert.deepEqual(names, [['1', '2'], ['3']]);
  assert.equal(second.nextToken, undefined);
});

test('an image is scanned once a day, and again where a scan failed', async () => {
  const scanner = new FakeScanner(trivy);
  const { startScan, findings, scanAll, push, clock } = await start(scanner);
  await push('v1');
  scanner.answer = () => Promise.reject(new ScannerError('failed', 'Trivy failed: no space left on device'));
  await startScan();
  await scanAll();
  assert.deepEqual((await findings()).imageScanStatus, {
    status: 'FAILED',
    description: 'Trivy failed: no space left on device',
  });
  scanner.answer = () => ({ findings: [] });
  await startScan();
  await scanAll();
  await assert.rejects(startScan(), { code: 'LimitExceededException' });
  clock.set(new Date(clock.now().getTime() + 86_400_000));
  assert.equal((await startScan()).imageScanStatus?.status, 'PENDING');
});

test('what is pushed is scanned where its repository, or its registry, says so', async () => {
  const own = await start(new FakeScanner(trivy), true);
  await own.push('v1');
  await own.scanAll();
  assert.equal((await own.findings()).imageScanStatus?.status, 'COMPLETE');

  const byRegistry = await start();
  await byRegistry.push('before');
  const repositoryFilters = [{ filter: 'a*', filterType: 'WILDCARD' as const }];
  await byRegistry.call('PutRegistryScanningConfiguration', {
    scanType: 'BASIC',
    rules: [{ scanFrequency: 'SCAN_ON_PUSH', repositoryFilters }],
  });
  await byRegistry.push('v1');
  await byRegistry.scanAll();
  assert.equal(byRegistry.scanner.scanned.length, 1);
});

test('without a scanner nothing is found, and that is said', async () => {
  const { startScan, findings, push, scanAll } = await start(new FakeScanner());
  await push('v1');
  await assert.rejects(findings(), { code: 'ScanNotFoundException' });
  await assert.rejects(startScan(), { code: 'UnsupportedImageTypeException' });
  await assert.rejects(findings(), { code: 'ScanNotFoundException' });

  const onPush = await start(new FakeScanner(), true);
  await onPush.push('v1');
  await onPush.scanAll();
  const { imageScanStatus, imageScanFindings } = await onPush.findings();
  assert.equal(imageScanStatus?.status, 'FAILED');
  assert.match(imageScanStatus?.description ?? '', /No image scanner is installed/);
  assert.equal(imageScanFindings, undefined);
  await scanAll();
});

test('what no scanner knows is told as unsupported, and an artifact is not scanned at all', async () => {
  const scanner = new FakeScanner(trivy);
  scanner.answer = () => Promise.reject(new ScannerError('unsupported', 'The operating system is not supported.'));
  const { startScan, findings, push, scanAll, store, call } = await start(scanner, true);
  await push('chart', 'application/vnd.cncf.helm.config.v1+json');
  assert.deepEqual(
    store.read((reader) => reader.list(scanKind)),
    [],
  );
  const imageId = { imageTag: 'chart' };
  await assert.rejects(call('StartImageScan', { repositoryName, imageId }), { code: 'UnsupportedImageTypeException' });
  await push('v1');
  await scanAll();
  assert.equal((await findings()).imageScanStatus?.status, 'UNSUPPORTED_IMAGE');
  await assert.rejects(startScan(), { code: 'LimitExceededException' });
});

test('a scan goes with its image, also while it is being made', async () => {
  const scanner = new FakeScanner(trivy);
  const { startScan, scanAll, push, store, call } = await start(scanner);
  await push('v1');
  await startScan();
  scanner.answer = async () => {
    await call('BatchDeleteImage', { repositoryName, imageIds: [{ imageTag: 'v1' }] });
    return { findings: [cve] };
  };
  await scanAll();
  assert.equal(scanner.scanned.length, 1);
  assert.deepEqual(
    store.read((reader) => reader.list(scanKind)),
    [],
  );
});

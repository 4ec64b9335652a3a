// Images are scanned by Trivy where it is installed with a list of vulnerabilities; elsewhere nothing is found, and that is said.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '#kernel/until.fixture.ts';
import { Berth } from './berth.fixture.ts';

/** Why there can be no findings, or false: given to `test` as its `skip`. */
const withoutTrivy: string | false = trivyFault();
const image = ['--repository-name', 'app', '--image-id', 'imageTag=v1'];

let berth: Berth;

before(async () => {
  berth = await Berth.start();
  const scanning = ['--image-scanning-configuration', 'scanOnPush=true'];
  await berth.aws('ecr', 'create-repository', '--repository-name', 'app', ...scanning);
  await berth.login();
  await push();
});
after(() => berth.remove());

function trivyFault(): string | false {
  try {
    const version = execFileSync('trivy', ['version', '--format', 'json'], { encoding: 'utf8' });
    if ((JSON.parse(version) as { VulnerabilityDB?: unknown }).VulnerabilityDB !== undefined) return false;
    return 'Trivy is installed, but has no list of vulnerabilities: run  trivy image --download-db-only';
  } catch {
    return 'Trivy is not installed (https://trivy.dev)';
  }
}

/** An image that says it is a Debian 12 with one package, in a version that has a known vulnerability. */
async function push(): Promise<void> {
  const folder = join(berth.data, 'image');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'os-release'), 'ID=debian\nVERSION_ID="12"\nNAME="Debian GNU/Linux"\n');
  const zlib = ['Package: zlib1g', 'Status: install ok installed', 'Source: zlib', 'Version: 1:1.2.13.dfsg-1'];
  writeFileSync(join(folder, 'status'), `${[...zlib, 'Architecture: amd64', 'Maintainer: nobody'].join('\n')}\n\n`);
  writeFileSync(join(folder, 'debian_version'), '12.5\n');
  const lines = ['FROM scratch', 'COPY os-release debian_version /etc/', 'COPY status /var/lib/dpkg/status'];
  writeFileSync(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`);
  const reference = `${berth.registry}/app:v1`;
  await berth.command('env', 'DOCKER_BUILDKIT=0', 'docker', 'build', '-q', '-t', reference, folder);
  const pushed = await berth.command('docker', 'push', '-q', reference);
  assert.equal(pushed.code, 0, pushed.stderr);
}

interface Scan {
  readonly imageScanStatus: { readonly status: string; readonly description?: string };
  readonly imageScanFindings?: {
    readonly findingSeverityCounts: Readonly<Record<string, number>>;
    readonly findings: { name: string; severity: string; attributes: { key: string; value: string }[] }[];
  };
}

async function scanned(): Promise<Scan> {
  let scan: Scan | undefined;
  await until('the scan is over', async () => {
    scan = await berth.aws<Scan>('ecr', 'describe-image-scan-findings', ...image);
    return !['PENDING', 'IN_PROGRESS'].includes(scan.imageScanStatus.status);
  });
  return scan!;
}

test('what Trivy finds in an image that was pushed is told', { skip: withoutTrivy }, async () => {
  const { imageScanStatus, imageScanFindings } = await scanned();
  assert.equal(imageScanStatus.status, 'COMPLETE', imageScanStatus.description);
  const found = imageScanFindings!.findings.find(({ name }) => name === 'CVE-2023-45853');
  assert.equal(found?.severity, 'CRITICAL');
  assert.ok(found.attributes.some(({ key, value }) => key === 'package_name' && value === 'zlib1g'));
  assert.ok(imageScanFindings!.findingSeverityCounts['CRITICAL']! >= 1);
  const again = await berth.command('aws', 'ecr', 'start-image-scan', ...image);
  assert.match(again.stderr, /LimitExceededException/);
});

test('where there is no scanner, an image has no findings', { skip: !withoutTrivy && 'Trivy is here' }, async () => {
  const { imageScanStatus, imageScanFindings } = await scanned();
  assert.equal(imageScanStatus.status, 'FAILED');
  assert.match(imageScanStatus.description ?? '', /Trivy|scanner/);
  assert.equal(imageScanFindings ?? undefined, undefined);
});

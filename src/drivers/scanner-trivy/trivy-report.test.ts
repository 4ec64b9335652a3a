// Trivy's reports, as its schema version 2 has them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTrivyReport } from './trivy-report.ts';

const zlib = {
  VulnerabilityID: 'CVE-2023-45853',
  PkgName: 'zlib1g',
  InstalledVersion: '1:1.2.13.dfsg-1',
  Severity: 'CRITICAL',
  SeveritySource: 'nvd',
  Title: 'zlib: integer overflow',
  Description: 'MiniZip in zlib through 1.3 has an integer overflow.',
  PrimaryURL: 'https://avd.aquasec.com/nvd/cve-2023-45853',
  CVSS: {
    nvd: { V3Vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', V3Score: 9.8 },
    redhat: { V3Score: 5.3 },
  },
};
const debian = { SchemaVersion: 2, Metadata: { OS: { Family: 'debian', Name: '12.5' } } };
const report = (...vulnerabilities: object[]) =>
  JSON.stringify({
    ...debian,
    Results: [{ Target: 'app (debian 12.5)', Class: 'os-pkgs', Vulnerabilities: vulnerabilities }],
  });

test('a vulnerability has its name, severity, source and the package that has it', () => {
  assert.deepEqual(readTrivyReport(report({ ...zlib, FixedVersion: '1:1.3' })), [
    {
      name: 'CVE-2023-45853',
      severity: 'CRITICAL',
      description: 'MiniZip in zlib through 1.3 has an integer overflow.',
      uri: 'https://avd.aquasec.com/nvd/cve-2023-45853',
      attributes: {
        package_name: 'zlib1g',
        package_version: '1:1.2.13.dfsg-1',
        fixed_version: '1:1.3',
        CVSS3_VECTOR: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
        CVSS3_SCORE: '9.8',
      },
    },
  ]);
});

test('the worst come first, those of unknown severity last', () => {
  const severities = ['UNKNOWN', 'LOW', 'CRITICAL', 'MEDIUM', 'HIGH'];
  const found = readTrivyReport(report(...severities.map((Severity) => ({ ...zlib, Severity }))));
  assert.deepEqual(
    found.map(({ severity }) => severity),
    ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNDEFINED'],
  );
});

test('a system without a known vulnerability has no findings', () => {
  assert.deepEqual(readTrivyReport(JSON.stringify(debian)), []);
  assert.deepEqual(readTrivyReport(JSON.stringify({ ...debian, Results: [{ Target: 'x', Class: 'os-pkgs' }] })), []);
});

test('an image without anything that Trivy knows is unsupported', () => {
  assert.throws(() => readTrivyReport(JSON.stringify({ SchemaVersion: 2, Metadata: { ImageID: 'sha256:1' } })), {
    reason: 'unsupported',
  });
});

for (const text of ['', 'no JSON', 'null', '[]', '{"SchemaVersion":3}']) {
  test(`${text || 'nothing'} is no report`, () => {
    assert.throws(() => readTrivyReport(text), { reason: 'failed' });
  });
}

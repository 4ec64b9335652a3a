// The settings of repositories, registries and accounts, as put and as told.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { systemClock } from '#kernel/clock.ts';
import { systemRandom } from '#kernel/random.ts';
import { createFixture, elsewhere } from '#services/ecr/fixture.ts';

const repositoryName = 'api';
const refused = (message: RegExp) => ({ code: 'InvalidParameterException', message });

async function start(t: TestContext) {
  const ecr = await createFixture({ blobs: new FakeBlobs({ clock: systemClock, random: systemRandom }) });
  t.after(() => ecr.store.close());
  return ecr;
}

test('a repository is encrypted as ECR does by default, and no key of a KMS is taken', async (t) => {
  const { call } = await start(t);
  const encryptionConfiguration = { encryptionType: 'AES256' } as const;
  const { repository } = await call('CreateRepository', { repositoryName, encryptionConfiguration });
  assert.deepEqual(repository?.encryptionConfiguration, encryptionConfiguration);
  for (const encryptionType of ['KMS', 'KMS_DSSE'] as const) {
    const asked = { repositoryName: 'two', encryptionConfiguration: { encryptionType } };
    await assert.rejects(call('CreateRepository', asked), refused(/KMS.* is not supported.*there is no KMS here/));
  }
  const keyed = { encryptionType: 'AES256', kmsKey: 'alias/mine' } as const;
  const asked = { repositoryName: 'two', encryptionConfiguration: keyed };
  await assert.rejects(call('CreateRepository', asked), refused(/kmsKey can only be specified/));
  const odd = { repositoryName: 'two', encryptionConfiguration: { encryptionType: 'ROT13' as never } };
  await assert.rejects(call('CreateRepository', odd), refused(/enum value set: \[KMS_DSSE, AES256, KMS\]/));
});

test('scanning on push is told as it was put', async (t) => {
  const { call } = await start(t);
  const imageScanningConfiguration = { scanOnPush: true };
  const made = await call('CreateRepository', { repositoryName, imageScanningConfiguration });
  assert.deepEqual(made.repository?.imageScanningConfiguration, imageScanningConfiguration);
  const off = { scanOnPush: false };
  const put = await call('PutImageScanningConfiguration', { repositoryName, imageScanningConfiguration: off });
  assert.deepEqual(put, { registryId: '123456789012', repositoryName, imageScanningConfiguration: off });
  const { repositories } = await call('DescribeRepositories', {});
  assert.deepEqual(repositories?.[0]?.imageScanningConfiguration, off);
  const missing = { repositoryName: 'no', imageScanningConfiguration: off };
  await assert.rejects(call('PutImageScanningConfiguration', missing), { code: 'RepositoryNotFoundException' });
});

test('a registry’s scanning rules are kept and say what holds for its repositories', async (t) => {
  const { call } = await start(t);
  const none = { scanType: 'BASIC', rules: [] };
  const before = await call('GetRegistryScanningConfiguration', {});
  assert.deepEqual(before, { registryId: '123456789012', scanningConfiguration: none });
  for (const name of ['prod/api', 'dev/api']) await call('CreateRepository', { repositoryName: name });
  await call('CreateRepository', { repositoryName: 'own', imageScanningConfiguration: { scanOnPush: true } });
  const repositoryFilters = [{ filter: 'prod/*', filterType: 'WILDCARD' as const }];
  const rules = [{ scanFrequency: 'SCAN_ON_PUSH' as const, repositoryFilters }];
  const put = await call('PutRegistryScanningConfiguration', { scanType: 'BASIC', rules });
  assert.deepEqual(put.registryScanningConfiguration, { scanType: 'BASIC', rules });
  assert.deepEqual((await call('GetRegistryScanningConfiguration', {})).scanningConfiguration, {
    scanType: 'BASIC',
    rules,
  });
  assert.deepEqual((await call('GetRegistryScanningConfiguration', {}, elsewhere)).scanningConfiguration, none);
  const repositoryNames = ['prod/api', 'dev/api', 'own', 'no'];
  const { scanningConfigurations, failures } = await call('BatchGetRepositoryScanningConfiguration', {
    repositoryNames,
  });
  const arn = 'arn:aws:ecr:us-east-1:123456789012:repository/';
  const [onPush, manual] = ['SCAN_ON_PUSH', 'MANUAL'];
  assert.deepEqual(
    scanningConfigurations?.map((each) => Object.values(each)),
    [
      [`${arn}prod/api`, 'prod/api', true, onPush, repositoryFilters],
      [`${arn}dev/api`, 'dev/api', false, manual, []],
      [`${arn}own`, 'own', true, onPush, []],
    ],
  );
  assert.deepEqual(
    failures?.map(({ repositoryName: name, failureCode }) => [name, failureCode]),
    [['no', 'REPOSITORY_NOT_FOUND']],
  );
});

test('scanning rules that cannot be kept are refused', async (t) => {
  const { call } = await start(t);
  const rule = (filter: string, scanFrequency = 'SCAN_ON_PUSH', filterType = 'WILDCARD') =>
    ({ scanFrequency, repositoryFilters: [{ filter, filterType }] }) as never;
  const put = (rules: never[], scanType: 'BASIC' | 'ENHANCED' = 'BASIC') =>
    call('PutRegistryScanningConfiguration', { scanType, rules });
  await assert.rejects(put([], 'ENHANCED'), refused(/Amazon Inspector/));
  await assert.rejects(put([], 'DEEP' as never), refused(/enum value set: \[BASIC, ENHANCED\]/));
  await assert.rejects(put([rule('*', 'CONTINUOUS_SCAN')]), refused(/CONTINUOUS_SCAN is not supported/));
  await assert.rejects(put([rule('*', 'SOMETIMES')]), refused(/enum value set/));
  await assert.rejects(put([rule('*'), rule('*'), rule('*')]), refused(/less than or equal to 2/));
  await assert.rejects(put([rule('*', 'MANUAL', 'PREFIX_MATCH')]), refused(/enum value set: \[WILDCARD\]/));
  for (const filter of ['', 'A', 'a//b', 'a-', `${'a'.repeat(255)}*`, `${'*'.repeat(200)}!`])
    await assert.rejects(put([rule(filter)]), refused(/must satisfy regular expression/));
  const batch = (names: string[]) => call('BatchGetRepositoryScanningConfiguration', { repositoryNames: names });
  await assert.rejects(batch([]), refused(/length greater than or equal to 1/));
  await assert.rejects(
    batch(Array.from({ length: 26 }, (_, at) => `r${at}`)),
    refused(/length less than or equal to 25/),
  );
  await assert.rejects(batch(['A']), refused(/repositoryNames/));
});

test('account settings have the values that this registry keeps, and no others', async (t) => {
  const { call } = await start(t);
  const get = async (name: string) => (await call('GetAccountSetting', { name })).value;
  const put = (name: string, value: string) => call('PutAccountSetting', { name, value });
  for (const [name, value] of [
    ['BASIC_SCAN_TYPE_VERSION', 'AWS_NATIVE'],
    ['REGISTRY_POLICY_SCOPE', 'V2'],
    ['BLOB_MOUNTING', 'ENABLED'],
  ] as const) {
    assert.equal(await get(name), value);
    assert.deepEqual(await put(name, value), { name, value });
    assert.equal(await get(name), value);
    await assert.rejects(put(name, 'MAYBE'), refused(/enum value set/));
  }
  await assert.rejects(put('BASIC_SCAN_TYPE_VERSION', 'CLAIR'), refused(/CLAIR is not supported/));
  await assert.rejects(put('REGISTRY_POLICY_SCOPE', 'V1'), refused(/V1 is not supported/));
  await assert.rejects(put('BLOB_MOUNTING', 'DISABLED'), refused(/DISABLED is not supported/));
  for (const name of ['COLOUR', 'toString', '']) await assert.rejects(get(name), refused(/at 'name'.*enum value set/));
});

test('managed signing is not configured, and says so', async (t) => {
  const { call } = await start(t);
  const missing = { code: 'SigningConfigurationNotFoundException' };
  await assert.rejects(call('GetSigningConfiguration', {}), missing);
  await assert.rejects(call('DeleteSigningConfiguration', {}), missing);
  const asked = { repositoryName, imageId: { imageTag: 'v1' } };
  await assert.rejects(call('DescribeImageSigningStatus', asked), { code: 'RepositoryNotFoundException' });
  await call('CreateRepository', { repositoryName });
  await assert.rejects(call('DescribeImageSigningStatus', asked), { code: 'ImageNotFoundException' });
});

// Account settings, and the clusters that follow them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFixture, home, type Fixture } from './fixture.ts';

let fixture: Fixture;
before(async () => {
  fixture = await createFixture();
});
after(() => fixture.end());

test('account settings are what holds', async () => {
  assert.deepEqual((await fixture.call('ListAccountSettings', {})).settings, []);
  const { settings } = await fixture.call('ListAccountSettings', {
    effectiveSettings: true,
    name: 'taskLongArnFormat',
  });
  assert.deepEqual(settings, [
    { name: 'taskLongArnFormat', value: 'enabled', principalArn: 'arn:aws:iam::123456789012:root' },
  ]);
});

test("an account's default for Container Insights is what a new cluster has that asks for none", async () => {
  const scope = { ...home, region: 'eu-central-1' };
  const principalArn = 'arn:aws:iam::123456789012:root';
  const name = 'containerInsights' as const;
  const insightsOf = async (clusterName: string) =>
    (await fixture.call('CreateCluster', { clusterName }, scope)).cluster?.settings?.[0]?.value;
  const put = await fixture.call('PutAccountSettingDefault', { name, value: 'enabled' }, scope);
  assert.deepEqual(put.setting, { name, value: 'enabled', principalArn });
  assert.equal(await insightsOf('first'), 'enabled');
  await fixture.call('PutAccountSetting', { name, value: 'enhanced' }, scope);
  assert.equal(await insightsOf('second'), 'enhanced');
  const { settings } = await fixture.call('ListAccountSettings', {}, scope);
  assert.deepEqual(settings, [{ name, value: 'enhanced', principalArn }]);
  const user = 'arn:aws:iam::123456789012:user/a';
  const asked = { effectiveSettings: true, name, principalArn: user };
  const ofUser = await fixture.call('ListAccountSettings', asked, scope);
  assert.deepEqual(ofUser.settings, [{ name, value: 'enhanced', principalArn: user }]);
  const deleted = await fixture.call('DeleteAccountSetting', { name }, scope);
  assert.deepEqual(deleted.setting, { name, value: 'disabled', principalArn });
  assert.equal(await insightsOf('third'), 'disabled');
  assert.equal(await insightsOf('first'), 'enabled');
});

test('an account setting that would change nothing is refused', async () => {
  const refused = { code: 'InvalidParameterException' };
  const put = (name: string, value: string, principalArn?: string) =>
    fixture.call('PutAccountSetting', { name: name as 'containerInsights', value, principalArn });
  await assert.rejects(put('awsvpcTrunking', 'enabled'), refused);
  await assert.rejects(put('fargateTaskRetirementWaitPeriod', '14'), refused);
  await assert.rejects(put('containerInsights', 'on'), refused);
  await assert.rejects(put('containerInsights', 'enabled', 'arn:aws:iam::999999999999:root'), refused);
});

// Flags, environment and standards become one Config; what is wrong is named.
import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { test } from 'node:test';
import { createConfig, settings, type SettingName } from './config.ts';

test('nothing chosen means the standard', () => {
  assert.deepEqual(createConfig({}, {}), {
    port: 4566,
    host: '127.0.0.1',
    data: `${homedir()}/.berth`,
    // What home.ts settles: kept from an earlier start, or the standard.
    account: undefined,
    region: undefined,
    vpcCidr: undefined,
    logLevel: 'info',
    hostnames: [],
    awsHostnames: '/etc/berth/aws-hostnames',
    rootKeys: undefined,
  });
});

const chosen: Readonly<Record<SettingName, readonly [flag: string, environment: string, bad: string]>> = {
  port: ['1', '2', '65536'],
  host: ['0.0.0.0', 'localhost', 'a b'],
  data: ['/flag', '/environment', ''],
  account: ['111111111111', '222222222222', '1'],
  region: ['eu-west-1', 'ap-southeast-2', 'Europe'],
  vpcCidr: ['10.9.0.0/16', '192.168.0.0/16', '8.8.0.0/16'],
  logLevel: ['debug', 'error', 'loud'],
  hostnames: ['a.example,b.example', 'c.example', 'a b'],
  awsHostnames: ['/etc/other', 'none', 'relative'],
};

for (const [name, [flag, environment, bad]] of Object.entries(chosen) as [
  SettingName,
  (typeof chosen)[SettingName],
][]) {
  const variable = settings[name].environment;
  const text = (config: ReturnType<typeof createConfig>): string => String(config[name]);

  test(`${settings[name].flag} wins over ${variable}, and that over the standard`, () => {
    assert.equal(text(createConfig({ [name]: flag }, { [variable]: environment })), flag);
    assert.equal(text(createConfig({}, { [variable]: environment })), environment);
  });

  test(`a bad ${settings[name].flag} is named with its variable, wherever it comes from`, () => {
    const named = (error: Error): boolean =>
      error.message.includes(`${settings[name].flag} (${variable})`) && error.message.endsWith(`got ${bad || '""'}`);
    assert.throws(() => createConfig({ [name]: bad }, {}), named);
    assert.throws(() => createConfig({}, { [variable]: bad }), named);
  });
}

test('a directory is made absolute, host names are taken apart', () => {
  assert.equal(createConfig({ data: 'x' }, {}).data, `${process.cwd()}/x`);
  assert.deepEqual(createConfig({ hostnames: 'a.example,,b.example' }, {}).hostnames, ['a.example', 'b.example']);
});

test('root keys are chosen both or not at all, and never shown', () => {
  const id = { BERTH_ROOT_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' };
  const secret = { BERTH_ROOT_SECRET_ACCESS_KEY: 'secret-that-is-not-shown' };
  assert.deepEqual(createConfig({}, { ...id, ...secret }).rootKeys, {
    accessKeyId: id.BERTH_ROOT_ACCESS_KEY_ID,
    secretAccessKey: secret.BERTH_ROOT_SECRET_ACCESS_KEY,
  });
  assert.throws(() => createConfig({}, id), /must be set together/);
  assert.throws(() => createConfig({}, secret), /must be set together/);
  const bad = { ...secret, BERTH_ROOT_ACCESS_KEY_ID: 'short' };
  assert.throws(
    () => createConfig({}, bad),
    (error: Error) => !error.message.includes('not-shown'),
  );
});

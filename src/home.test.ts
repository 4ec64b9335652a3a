// An installation's home is kept from its first start on.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '#kernel/clock.ts';
import { openDataDirectory } from '#kernel/data-directory.ts';
import { createConfig } from './config.ts';
import { readHome, settleHome } from './home.ts';

test('what the first start chose is kept, and something else refused afterwards by the name of its flag', () => {
  const path = mkdtempSync(join(tmpdir(), 'berth-home-'));
  const directory = openDataDirectory(path, systemClock);
  try {
    assert.equal(readHome(path), undefined);
    const home = { account: '123456789012', region: 'eu-west-1', vpcCidr: '172.31.0.0/16' };
    assert.deepEqual(settleHome(directory, createConfig({ region: 'eu-west-1' }, {})), home);
    assert.deepEqual(readHome(path), home);
    assert.deepEqual(settleHome(directory, createConfig({}, {})), home);
    assert.deepEqual(settleHome(directory, createConfig({ region: 'eu-west-1' }, {})), home);
    assert.throws(
      () => settleHome(directory, createConfig({ region: 'us-east-1' }, {})),
      /^Error: --region is eu-west-1/,
    );
    assert.throws(() => settleHome(directory, createConfig({}, { BERTH_ACCOUNT: '111111111111' })), /--account/);
    assert.throws(() => settleHome(directory, createConfig({ vpcCidr: '10.1.0.0/16' }, {})), /--vpc-cidr/);
  } finally {
    directory.release();
    rmSync(path, { recursive: true });
  }
});

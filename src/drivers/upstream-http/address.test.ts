// Addresses that an upstream may and may not lead to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAllowedAddress, isLoopbackHost } from './address.ts';

test('hosts of this machine are told from others without a resolver', () => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]', '::1', 'a.localhost', '::ffff:127.0.0.1']) {
    assert.ok(isLoopbackHost(host), host);
  }
  for (const host of ['registry.example.com', '10.0.0.1', 'localhost.example.com', '128.0.0.1', '']) {
    assert.ok(!isLoopbackHost(host), host);
  }
});

test('loopback is for upstreams that are there, and addresses that hand out credentials for nobody', () => {
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.255.0.1']) {
    assert.ok(isAllowedAddress(address, true), address);
    assert.ok(!isAllowedAddress(address, false), address);
  }
  for (const address of ['169.254.169.254', '169.254.170.2', '::ffff:169.254.170.2', '0.0.0.0', '::', 'fe80::1', 'x']) {
    assert.ok(!isAllowedAddress(address, true), address);
  }
  for (const address of ['10.1.2.3', '192.168.0.5', '8.8.8.8', '2001:db8::1']) {
    assert.ok(isAllowedAddress(address, false), address);
  }
});

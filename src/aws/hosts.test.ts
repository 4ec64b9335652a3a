// Which hosts the front door answers to, and which web pages may call it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostName, refuseSource } from './hosts.ts';

const door = {
  hosts: new Set(['berth.example.com', '10.0.0.5', 'fd00::5']),
  origins: new Set(['https://console.example.com']),
};

const answered = [
  'localhost',
  'localhost:4566',
  'LocalHost:4566',
  'bucket.localhost:4566',
  '127.0.0.1',
  '127.0.0.1:4566',
  '127.255.3.9:80',
  '[::1]:4566',
  '[::1]',
  'berth.example.com:4566',
  '10.0.0.5:4566',
  '[fd00::5]:4566',
];
const strange = [
  undefined,
  '',
  'evil.example',
  'evil.example:4566',
  'localhost.evil.example',
  'evillocalhost',
  '127.0.0.1.evil.example',
  '127.evil.example',
  '127.0.0.256',
  '127.0.0.1:4566:1',
  '127.0.0.1:port',
  '128.0.0.1',
  '0.0.0.0:4566',
  '2130706433',
  '0x7f.0.0.1',
  '[::1',
  '[::2]',
  'amazonaws.com.evil.example',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
  'bucket.s3.amazonaws.com:4566',
  'evilamazonaws.com',
  'user@localhost',
  'localhost, evil.example',
  'localhost/evil.example',
  'localhost\u0000',
  '.localhost',
];

for (const host of answered) {
  test(`Berth answers to ${host}`, () => assert.equal(refuseSource({ host }, door), undefined));
}
for (const host of strange) {
  test(`Berth does not answer to ${JSON.stringify(host)}`, () =>
    assert.match(refuseSource({ host }, door) ?? '', /Host|host name/));
}

const host = 'localhost:4566';
const pages: [what: string, headers: Record<string, string>, allowed: boolean][] = [
  ['its own console', { origin: 'http://localhost:4566' }, true],
  ['its own console over TLS', { origin: 'https://localhost:4566' }, true],
  ['its own console, fetching without an Origin', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, true],
  [
    'an address that was typed',
    { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    true,
  ],
  [
    'a link on another site',
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    true,
  ],
  ['a page that was configured', { origin: 'https://console.example.com', 'sec-fetch-site': 'cross-site' }, true],
  ['a program', {}, true],
  ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, false],
  ['another port of the machine', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }, false],
  ['another name of the machine', { origin: 'http://127.0.0.1:4566' }, false],
  ['a sandboxed page or a file', { origin: 'null' }, false],
  ['an empty Origin', { origin: '' }, false],
  ['a look-alike', { origin: 'http://localhost:4566.evil.example' }, false],
  ['a user name that looks like a host', { origin: 'http://localhost:4566@evil.example' }, false],
  ['an extension', { origin: 'chrome-extension://localhost:4566' }, false],
  [
    'an image on another site',
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    false,
  ],
  [
    'a frame on another site',
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    false,
  ],
  [
    'a script of another port',
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
    false,
  ],
  [
    'a form of another site',
    {
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    },
    false,
  ],
];

for (const [what, headers, allowed] of pages) {
  test(`${what} ${allowed ? 'may' : 'may not'} call Berth`, () => {
    const reason = refuseSource({ host, ...headers }, door);
    if (allowed) assert.equal(reason, undefined);
    else assert.match(reason ?? '', /^Web pages of .* may not call Berth\.$/);
  });
}

test('a door that has only its own names does not answer to loopback names', () => {
  const registry = {
    hosts: new Set(['123456789012.dkr.ecr.eu-west-1.amazonaws.com']),
    origins: door.origins,
    only: true,
  };
  const refusal = (name: string) => refuseSource({ host: name }, registry);
  assert.equal(refusal('123456789012.dkr.ecr.eu-west-1.amazonaws.com'), undefined);
  assert.equal(refusal('123456789012.dkr.ecr.eu-west-1.amazonaws.com:443'), undefined);
  for (const name of ['localhost', '127.0.0.1', '[::1]', '123456789012.dkr.ecr.us-east-1.amazonaws.com']) {
    assert.match(refusal(name) ?? '', /does not answer/, name);
  }
});

test('the standard port may be left out on either side', () => {
  assert.equal(refuseSource({ host: 'localhost:80', origin: 'http://localhost' }, door), undefined);
  assert.equal(refuseSource({ host: 'localhost', origin: 'https://localhost:443' }, door), undefined);
});

test('a host name comes without port and brackets, in lower case', () => {
  assert.equal(hostName('Bucket.LocalHost:80'), 'bucket.localhost');
  assert.equal(hostName('[FD00::5]:80'), 'fd00::5');
  assert.equal(hostName('a b'), undefined);
});

// Names, paths, URIs and image references of repositories.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isRepositoryName,
  parseImageReference,
  parseRepositoryPath,
  registryUrl,
  repositoryAt,
  repositoryPath,
  repositoryUri,
} from './names.ts';

const home = { account: '123456789012', region: 'us-east-1' };
const address = { endpoint: 'localhost:4566', home };
const sha = `sha256:${'a'.repeat(64)}`;

test('a repository name is what AWS allows', () => {
  for (const name of ['ab', 'flask-api', 'team/flask-api', 'a1/b.c/d_e', 'a__b', 'a--b', 'x'.repeat(256)]) {
    assert.equal(isRepositoryName(name), true, name);
  }
  for (const name of [
    '',
    'a',
    'A/b',
    'a//b',
    '/ab',
    'ab/',
    '-ab',
    'ab-',
    'a b',
    'a@b',
    'a:b',
    'a..b',
    'a___b',
    'x'.repeat(257),
  ]) {
    assert.equal(isRepositoryName(name), false, name);
  }
});

test('a URI is bare at home and names account and region elsewhere', () => {
  const cases: [{ account: string; region: string }, string, string][] = [
    [home, 'flask-api', 'localhost:4566/flask-api'],
    [home, 'team/flask-api', 'localhost:4566/team/flask-api'],
    [{ ...home, region: 'eu-west-1' }, 'api', 'localhost:4566/123456789012.eu-west-1/api'],
    [{ ...home, account: '210987654321' }, 'api', 'localhost:4566/210987654321.us-east-1/api'],
    // A name at home that looks like another scope's path must not be taken for it.
    [home, '210987654321.eu-west-1/api', 'localhost:4566/123456789012.us-east-1/210987654321.eu-west-1/api'],
  ];
  for (const [scope, repositoryName, uri] of cases) {
    assert.equal(repositoryUri({ scope, repositoryName }, address), uri);
  }
});

test('a path leads back to the repository it was made of', () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const names = fc.array(fc.oneof(part, fc.constant('210987654321.eu-west-1')), { minLength: 1, maxLength: 3 });
  const accounts = fc.constantFrom('123456789012', '210987654321');
  const regions = fc.constantFrom('us-east-1', 'eu-west-1', 'us-gov-west-1');
  fc.assert(
    fc.property(accounts, regions, names, (account, region, parts) => {
      const repository = { scope: { account, region }, repositoryName: parts.join('/') };
      assert.deepEqual(parseRepositoryPath(repositoryPath(repository, home), home), repository);
    }),
  );
});

test('under an AWS host name a path is a name in its account and region', () => {
  const other = { account: '210987654321', region: 'eu-west-1' };
  const aws = '210987654321.dkr.ecr.eu-west-1.amazonaws.com';
  const cases: [string | undefined, string, ReturnType<typeof repositoryAt>][] = [
    [aws, 'team/api', { scope: other, repositoryName: 'team/api' }],
    [`${aws.toUpperCase()}:443`, 'api', { scope: other, repositoryName: 'api' }],
    [aws, '123456789012.us-east-1/api', { scope: other, repositoryName: '123456789012.us-east-1/api' }],
    ['localhost:4566', 'api', { scope: home, repositoryName: 'api' }],
    ['localhost:4566', '210987654321.eu-west-1/api', { scope: other, repositoryName: 'api' }],
    [undefined, 'api', { scope: home, repositoryName: 'api' }],
  ];
  for (const [host, path, expected] of cases) assert.deepEqual(repositoryAt(host, path, home), expected, host);
  assert.equal(registryUrl(aws, address), `https://${aws}`);
  assert.equal(registryUrl('127.0.0.1:4566', address), 'http://localhost:4566');
  assert.equal(registryUrl(undefined, address), 'http://localhost:4566');
});

test('an image reference is ours by its own address and by any AWS host name', () => {
  const cases: [string, ReturnType<typeof parseImageReference>][] = [
    ['localhost:4566/flask-api:v1', { scope: home, repositoryName: 'flask-api', tag: 'v1' }],
    ['localhost:4566/flask-api', { scope: home, repositoryName: 'flask-api', tag: 'latest' }],
    ['127.0.0.1:4566/team/api:v1', { scope: home, repositoryName: 'team/api', tag: 'v1' }],
    [`localhost:4566/api@${sha}`, { scope: home, repositoryName: 'api', digest: sha }],
    [`localhost:4566/api:v1@${sha}`, { scope: home, repositoryName: 'api', digest: sha }],
    [
      'localhost:4566/210987654321.eu-west-1/api:v2',
      { scope: { account: '210987654321', region: 'eu-west-1' }, repositoryName: 'api', tag: 'v2' },
    ],
    [
      '210987654321.dkr.ecr.eu-west-1.amazonaws.com/api:v2',
      { scope: { account: '210987654321', region: 'eu-west-1' }, repositoryName: 'api', tag: 'v2' },
    ],
    [
      '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/api',
      { scope: { account: '123456789012', region: 'cn-north-1' }, repositoryName: 'api', tag: 'latest' },
    ],
    ['nginx', undefined],
    ['docker.io/library/nginx:1', undefined],
    ['localhost:5000/flask-api:v1', undefined],
    ['public.ecr.aws/docker/library/python:3', undefined],
    ['localhost:4566/Flask:v1', undefined],
    ['localhost:4566/api:', undefined],
    ['localhost:4566/api@sha256:short', undefined],
  ];
  for (const [reference, expected] of cases)
    assert.deepEqual(parseImageReference(reference, address), expected, reference);
});

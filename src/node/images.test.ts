// Pulls and their failures, in AWS's words; digests and their references.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuntimeError } from '#drivers/runtime.ts';
import { digestOf } from './images.ts';
import { cannotPull } from './reasons.ts';

const failures: readonly [string, RuntimeError, number, string][] = [
  ['an image that is not there', new RuntimeError('not-found', 'manifest unknown'), 1, 'r/a:1: not found'],
  [
    'a registry that refuses',
    new RuntimeError(
      'denied',
      "pull access denied for r/a, repository does not exist or may require 'docker login': denied: no",
    ),
    1,
    'pull access denied, repository does not exist or may require authorization: server message: denied: no',
  ],
  ['a registry that is away', new RuntimeError('failed', 'dial tcp: i/o timeout'), 5, 'dial tcp: i/o timeout'],
];

for (const [name, thrown, tries, words] of failures) {
  test(`the reason names ${name}`, () => {
    const reason = cannotPull('r/a:1', thrown, tries);
    const head = `CannotPullContainerError: pull image manifest has been retried ${tries} time(s): failed to resolve ref r/a:1: `;
    assert.equal(reason, head + words);
  });
}

const digests: readonly [string, readonly string[], string | undefined][] = [
  ['localhost:4566/app:v1', ['localhost:4566/app@sha256:1'], 'sha256:1'],
  ['localhost:4566/app', ['other/app@sha256:2', 'localhost:4566/app@sha256:1'], 'sha256:1'],
  ['docker.io/library/python:3', ['python@sha256:3'], 'sha256:3'],
  ['app@sha256:4', ['app@sha256:4'], 'sha256:4'],
  ['made-here:1', [], undefined],
];

for (const [reference, repoDigests, digest] of digests) {
  test(`the digest of ${reference} is ${digest}`, () => {
    assert.equal(digestOf({ id: 'sha256:0', repoDigests, size: 1 }, reference), digest);
  });
}

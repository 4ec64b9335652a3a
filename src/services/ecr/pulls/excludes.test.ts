// Who counts as excluded from pull times.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excludes } from './excludes.ts';

const user = 'arn:aws:iam::123456789012:user/team/ann';
const role = 'arn:aws:iam::123456789012:role/scanners/nightly';

test('an exclusion is about a user, or about a role however it was assumed', () => {
  const cases: [string, string, boolean][] = [
    [user, user, true],
    [user, 'arn:aws:iam::123456789012:user/team/anna', false],
    [role, 'arn:aws:sts::123456789012:assumed-role/nightly/session', true],
    [role, 'arn:aws:sts::210987654321:assumed-role/nightly/session', false],
    [role, 'arn:aws:sts::123456789012:assumed-role/scanners/nightly', false],
    [role, 'arn:aws:iam::123456789012:root', false],
  ];
  for (const [exclusion, caller, expected] of cases) assert.equal(excludes(exclusion, caller), expected, caller);
});

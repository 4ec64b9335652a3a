// Lifecycle policies: AWS's own examples are taken, and what AWS refuses is refused in its words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AwsError } from '#kernel/error.ts';
import { readLifecyclePolicy } from './lifecycle-policy.ts';

const expire = { type: 'expire' };
const archive = { type: 'transition', targetStorageClass: 'archive' };
const untagged = { tagStatus: 'untagged', countType: 'imageCountMoreThan', countNumber: 1 };
const anyOld = { tagStatus: 'any', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 30 };
const archivedOld = {
  tagStatus: 'any',
  storageClass: 'archive',
  countType: 'sinceImageTransitioned',
  countUnit: 'days',
  countNumber: 365,
};
const prod = { ...untagged, tagStatus: 'tagged', tagPatternList: ['prod*'] };

function textOf(...rules: readonly object[]): string {
  return JSON.stringify({
    rules: rules.map((rule, at) => ({ rulePriority: at + 1, description: 'why', action: expire, ...rule })),
  }).padEnd(100);
}

test('the rules of a policy are read in the order of their priorities, with what they leave out', () => {
  const text = textOf(
    { rulePriority: 20, selection: anyOld, action: archive },
    { rulePriority: 3, selection: prod },
    { rulePriority: 5, selection: { ...prod, tagPatternList: undefined, tagPrefixList: ['v', 'w'] } },
    { rulePriority: 21, selection: archivedOld },
  );
  const [first, second, third, fourth, ...more] = readLifecyclePolicy(text);
  assert.deepEqual(more, []);
  assert.deepEqual(first, {
    priority: 3,
    tagStatus: 'tagged',
    tags: [{ pattern: 'prod*' }],
    storageClass: 'STANDARD',
    countType: 'imageCountMoreThan',
    countNumber: 1,
    action: 'EXPIRE',
  });
  assert.deepEqual(second?.tags, [{ prefix: 'v' }, { prefix: 'w' }]);
  assert.deepEqual([third?.priority, third?.action, third?.tags], [20, 'TRANSITION', []]);
  assert.deepEqual([fourth?.storageClass, fourth?.countNumber], ['ARCHIVE', 365]);
});

const noSchema = 'instance failed to match exactly one schema (matched 0 out of 2)';
const refused: readonly (readonly [what: string, text: string, words: string])[] = [
  ['no JSON', '{'.padEnd(100), 'Could not map policyString into LifecyclePolicy.'],
  ['a list', textOf().replace(/^.*$/, (text) => `[${text}]`), 'Could not map policyString into LifecyclePolicy.'],
  ['no rules', '{"rule":[]}'.padEnd(100), 'object has missing required properties (["rules"])'],
  ['other members', '{"rules":[],"a":1}'.padEnd(100), 'which are not allowed by the schema: ["a"]'],
  ['an empty list', textOf(), 'array is too short: must have at least 1 elements but instance has 0 elements'],
  [
    'more than fifty rules',
    textOf(...Array.from({ length: 51 }, (_, at) => ({ selection: { ...prod, tagPatternList: [`p${at}`] } }))),
    'array is too long: must have at most 50 elements but instance has 51 elements',
  ],
  ['rules that are no list', '{"rules":{}}'.padEnd(100), 'instance type (object) does not match any allowed'],
  ['a rule that is no object', '{"rules":[7]}'.padEnd(100), 'instance type (integer) does not match any allowed'],
  ['a rule without a selection', textOf({}), 'object has missing required properties (["selection"])'],
  ['an unknown member of a rule', textOf({ selection: untagged, x: 1 }), 'not allowed by the schema: ["x"]'],
  ['a description that is no text', textOf({ selection: untagged, description: 1 }), 'allowed: ["string"]'],
  ['a priority of zero', textOf({ selection: untagged, rulePriority: 0 }), '(minimum: 1, found: 0)'],
  ['a broken priority', textOf({ selection: untagged, rulePriority: 1.5 }), 'instance type (number) does not match'],
  ['a count of zero', textOf({ selection: { ...untagged, countNumber: 0 } }), '(minimum: 1, found: 0)'],
  [
    'an unknown status',
    textOf({ selection: { ...untagged, tagStatus: 'some' } }),
    'instance value ("some") not found in enum (possible values: ["any","tagged","untagged"])',
  ],
  ['an unknown action', textOf({ selection: untagged, action: { type: 'keep' } }), '["expire","transition"]'],
  ['an unknown count type', textOf({ selection: { ...untagged, countType: 'x' } }), noSchema],
  ['days for a count of images', textOf({ selection: { ...untagged, countUnit: 'days' } }), noSchema],
  ['a countUnit of null', textOf({ selection: { ...untagged, countUnit: null } }), noSchema],
  ['days without their unit', textOf({ selection: { ...anyOld, countUnit: undefined } }), noSchema],
  ['weeks', textOf({ selection: { ...anyOld, countUnit: 'weeks' } }), noSchema],
  ['an archive of null', textOf({ selection: anyOld, action: { ...expire, targetStorageClass: null } }), noSchema],
  ['a transition to nowhere', textOf({ selection: anyOld, action: { type: 'transition' } }), noSchema],
  ['archived images by their push', textOf({ selection: { ...anyOld, storageClass: 'archive' } }), noSchema],
  ['time in archive of others', textOf({ selection: { ...archivedOld, storageClass: undefined } }), noSchema],
  [
    'too short a time in archive',
    textOf({ selection: { ...archivedOld, countNumber: 89 } }),
    '(minimum: 90, found: 89)',
  ],
  ['archiving what is archived', textOf({ selection: archivedOld, action: archive }), 'must be used with the expire'],
  [
    'expiring by the last pull',
    textOf({ selection: { ...anyOld, countType: 'sinceImagePulled' } }),
    'must be used with the transition action',
  ],
  [
    'tagged without tags',
    textOf({ selection: { ...untagged, tagStatus: 'tagged' } }),
    'Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED.',
  ],
  ['tags of untagged images', textOf({ selection: { ...untagged, tagPrefixList: [] } }), 'when tagStatus=TAGGED.'],
  ['prefixes and patterns', textOf({ selection: { ...prod, tagPrefixList: ['a'] } }), 'Can only specify one of'],
  ['an empty prefix', textOf({ selection: { ...prod, tagPatternList: [''] } }), 'string "" is too short'],
  [
    'more than four wildcards',
    textOf({ selection: { ...prod, tagPatternList: ['test*1*2*3*4*5*6'] } }),
    'There is a maximum limit of four wildcards (*) per string',
  ],
  [
    'one priority twice',
    textOf({ selection: untagged, rulePriority: 7 }, { selection: prod, rulePriority: 7 }),
    'Rules must have unique values for rulePriority.',
  ],
  [
    'two rules for untagged images',
    textOf({ selection: untagged }, { selection: untagged }),
    'Only one rule can select Untagged images per storage class.',
  ],
  [
    'any before another',
    textOf({ selection: anyOld }, { selection: prod }),
    'Rule for tagStatus=ANY must have the lowest priority per storage class',
  ],
  [
    'the same tags twice',
    textOf({ selection: prod }, { selection: { ...prod, countNumber: 5 } }),
    'Rules must have unique sets of tag prefixes',
  ],
];

for (const [what, text, words] of refused) {
  test(`a policy with ${what} is refused in AWS's words`, () => {
    assert.throws(
      () => readLifecyclePolicy(text),
      (thrown: AwsError) => {
        assert.equal(thrown.code, 'InvalidParameterException');
        const frame =
          "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: ";
        assert.ok(thrown.message.startsWith(frame), thrown.message);
        assert.ok(thrown.message.includes(words), thrown.message);
        return true;
      },
    );
  });
}

test('rules for the two storage classes do not meet', () => {
  const rules = textOf({ selection: anyOld, action: archive }, { selection: archivedOld });
  assert.equal(readLifecyclePolicy(rules).length, 2);
});

test('a text out of AWS’s range is refused for its length', () => {
  const said = (text: string) => {
    try {
      readLifecyclePolicy(text);
      return undefined;
    } catch (thrown) {
      return (thrown as Error).message;
    }
  };
  assert.equal(
    said(''),
    "Invalid parameter at 'lifecyclePolicyText' failed to satisfy constraint: 'Member must have length greater than or equal to 100'",
  );
  assert.match(said(textOf({ selection: untagged }).padEnd(30_721))!, /less than or equal to 30720/);
  assert.equal(said(textOf({ selection: untagged }).padEnd(30_720)), undefined);
});

test('whatever is put into a policy, it is read or refused, never a fault', () => {
  const selection = fc.record(
    {
      tagStatus: fc.constantFrom('tagged', 'untagged', 'any', 'x', 1),
      countType: fc.constantFrom('imageCountMoreThan', 'sinceImagePushed', 'sinceImageTransitioned', null),
      countUnit: fc.constantFrom('days', null),
      countNumber: fc.oneof(fc.integer(), fc.anything()),
      tagPrefixList: fc.oneof(fc.array(fc.string()), fc.anything()),
      storageClass: fc.constantFrom('standard', 'archive', {}),
    },
    { requiredKeys: [] },
  );
  const rule = fc.record({ rulePriority: fc.oneof(fc.nat(), fc.anything()), selection, action: fc.constant(expire) });
  const policy = fc.oneof(fc.record({ rules: fc.array(rule) }), fc.anything());
  fc.assert(
    fc.property(policy, (value) => {
      try {
        readLifecyclePolicy((JSON.stringify(value) ?? '').padEnd(100));
      } catch (thrown) {
        assert.ok(thrown instanceof AwsError, String(thrown));
      }
    }),
  );
});

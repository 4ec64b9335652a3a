// What policies expire and archive: AWS's documented examples, and what holds for any rules and images.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluateLifecycle, type LifecycleImage } from './evaluate-lifecycle.ts';
import { readLifecyclePolicy } from './lifecycle-policy.ts';
import type { LifecycleRule } from './lifecycle-rule.ts';

const dayMs = 86_400_000;
const now = Date.parse('2026-01-01T00:00:00Z');

type Given = Partial<Omit<LifecycleImage, 'digest'>>;

function imageOf(digest: string, daysAgo: number, tags: readonly string[] = [], given: Given = {}): LifecycleImage {
  return { digest, tags, storageClass: 'STANDARD', pushedAt: now - daysAgo * dayMs, references: [], ...given };
}

const expire = { type: 'expire' };
const archive = { type: 'transition', targetStorageClass: 'archive' };
const most = (countNumber: number) => ({ countType: 'imageCountMoreThan', countNumber });
const older = (countType: string, countNumber: number) => ({ countType, countUnit: 'days', countNumber });
const tagged = (...tagPatternList: string[]) => ({ tagStatus: 'tagged', tagPatternList });

function rulesOf(...selections: readonly object[]): LifecycleRule[] {
  const rules = selections.map((each, at) => {
    const { action = expire, ...selection } = each as { action?: object };
    return { rulePriority: at + 1, description: 'as in the user guide', selection, action };
  });
  return readLifecyclePolicy(JSON.stringify({ rules }));
}

/** `digest:action:rule` of each verdict, in order. */
function outcome(rules: readonly LifecycleRule[], images: readonly LifecycleImage[]): string {
  const verdicts = evaluateLifecycle(rules, images, now);
  return verdicts.map((each) => `${each.image.digest}:${each.action[0]}${each.rulePriority}`).join(' ');
}

const abc = [
  imageOf('A', 10, ['beta-1', 'prod-1']),
  imageOf('B', 9, ['beta-2', 'prod-2']),
  imageOf('C', 8, ['beta-3']),
];
const alphaBeta = [
  imageOf('A', 12, ['alpha-1']),
  imageOf('B', 11, ['beta-1']),
  imageOf('C', 10, ['alpha-2', 'beta-2']),
  imageOf('D', 4, ['alpha-3']),
  imageOf('E', 3, ['beta-3']),
  imageOf('F', 2, ['alpha-4', 'beta-4']),
];
const notExclusive = [
  imageOf('A', 10, ['alpha-1', 'beta-1', 'gamma-1']),
  imageOf('B', 9, ['alpha-2', 'beta-2']),
  imageOf('C', 8, ['alpha-3', 'beta-3', 'gamma-2']),
];
const everyKind = [
  imageOf('A', 4, ['alpha-1', 'beta-1']),
  imageOf('B', 3),
  imageOf('C', 2, ['alpha-2']),
  imageOf('D', 1, ['git-hash']),
  imageOf('E', 1),
];
const any = { tagStatus: 'any' };
const untagged = { tagStatus: 'untagged' };

type Example = readonly [what: string, rules: LifecycleRule[], images: LifecycleImage[], outcome: string];
const examples: readonly Example[] = [
  [
    'image age: prod* older than 14 days',
    rulesOf({ ...tagged('prod*'), ...older('sinceImagePushed', 14) }),
    [imageOf('A', 15, ['prod1']), imageOf('B', 15, ['dev']), imageOf('C', 14, ['prod2']), imageOf('D', 15)],
    'A:E1',
  ],
  [
    'image count: keep only one untagged image',
    rulesOf({ ...untagged, ...most(1) }),
    [imageOf('A', 3), imageOf('B', 2), imageOf('C', 9, ['v1']), imageOf('D', 1)],
    'A:E1 B:E1',
  ],
  ['multiple rules, A', rulesOf({ ...tagged('prod*'), ...most(1) }, { ...tagged('beta*'), ...most(1) }), abc, 'A:E1'],
  [
    'multiple rules, B',
    rulesOf({ ...tagged('beta*'), ...most(1) }, { ...tagged('prod*'), ...most(1) }),
    abc,
    'A:E1 B:E1',
  ],
  [
    'multiple tags in one rule, A',
    rulesOf({ ...tagged('alpha*', 'beta*'), ...older('sinceImagePushed', 5) }),
    alphaBeta,
    'C:E1',
  ],
  [
    'multiple tags in one rule, A, by prefixes',
    rulesOf({ tagStatus: 'tagged', tagPrefixList: ['alpha', 'beta'], ...older('sinceImagePushed', 5) }),
    alphaBeta,
    'C:E1',
  ],
  ['multiple tags in one rule, B', rulesOf({ ...tagged('alpha*', 'beta*'), ...most(1) }), notExclusive, 'A:E1 B:E1'],
  [
    'all images, A',
    rulesOf({ ...any, ...most(1) }),
    [imageOf('A', 4, ['alpha-1']), imageOf('B', 3, ['beta-1']), imageOf('C', 2), imageOf('D', 1, ['alpha-2'])],
    'A:E1 B:E1 C:E1',
  ],
  [
    'all images, B: every kind of rule in one policy',
    rulesOf(
      { ...tagged('alpha*'), ...most(1) },
      { ...untagged, ...older('sinceImagePushed', 1) },
      { ...any, ...most(1) },
    ),
    // E and D were pushed at the same day in the guide; here E a moment later, and nothing a moment over a day.
    everyKind.map((image) => (image.digest === 'E' ? { ...image, pushedAt: image.pushedAt + 1 } : image)),
    'A:E1 B:E2 D:E3',
  ],
  [
    'last pulled time: archive what nobody pulled for 90 days',
    rulesOf({ ...any, ...older('sinceImagePulled', 90), action: archive }),
    [
      imageOf('A', 200, ['v1'], { pulledAt: now - 91 * dayMs }),
      imageOf('B', 200, ['v2'], { pulledAt: now - 89 * dayMs }),
      imageOf('C', 91, ['v3']),
      imageOf('D', 89, ['v4']),
      imageOf('E', 200, [], {
        pulledAt: now - 150 * dayMs,
        archivedAt: now - 99 * dayMs,
        activatedAt: now - 80 * dayMs,
      }),
      imageOf('F', 200, [], {
        pulledAt: now - 95 * dayMs,
        archivedAt: now - 99 * dayMs,
        activatedAt: now - 98 * dayMs,
      }),
    ],
    'A:T1 F:T1 C:T1',
  ],
  [
    'archive and expire: 30 days old, then 365 days in the archive',
    rulesOf(
      { ...any, ...older('sinceImagePushed', 30), action: archive },
      { ...any, storageClass: 'archive', ...older('sinceImageTransitioned', 365) },
    ),
    [
      imageOf('A', 500, ['v1'], { storageClass: 'ARCHIVE', archivedAt: now - 366 * dayMs }),
      imageOf('B', 500, ['v2'], { storageClass: 'ARCHIVE', archivedAt: now - 364 * dayMs }),
      imageOf('C', 31, ['v3']),
      imageOf('D', 29, ['v4']),
      imageOf('E', 600, ['v5'], { archivedAt: now - 500 * dayMs, activatedAt: now - 5 * dayMs }),
    ],
    'A:E2 C:T1',
  ],
];

for (const [what, rules, images, expected] of examples) {
  test(`the user guide's example holds: ${what}`, () => assert.equal(outcome(rules, images), expected));
}

test('what a manifest list needs stays while the list does, and goes after it', () => {
  const list = imageOf('L', 1, ['v1'], { references: ['A', 'B'] });
  const old = imageOf('O', 5, ['v0'], { references: ['B', 'C'] });
  const children = [imageOf('A', 9), imageOf('B', 9), imageOf('C', 9), imageOf('Z', 9)];
  const rules = rulesOf({ ...tagged('v*'), ...most(1) }, { ...untagged, ...older('sinceImagePushed', 1) });
  assert.equal(outcome(rules, [...children, list, old]), 'Z:E2 O:E1 C:E2');
});

test('what an archived manifest list needs may be archived, but not deleted under it', () => {
  const list = imageOf('L', 50, ['v1'], { storageClass: 'ARCHIVE', archivedAt: now, references: ['A'] });
  const archiving = rulesOf({ ...untagged, ...older('sinceImagePushed', 1), action: archive });
  const expiring = rulesOf({ ...untagged, ...older('sinceImagePushed', 1) });
  assert.equal(outcome(archiving, [imageOf('A', 9), list]), 'A:T1');
  assert.equal(outcome(expiring, [imageOf('A', 9), list]), '');
});

test('what is about an image goes with it and by no rule of its own, however long the chain', () => {
  const images = [
    imageOf('A', 9, ['v1']),
    imageOf('B', 8, ['v2']),
    imageOf('signature of A', 7, [], { subject: 'A' }),
    imageOf('signature of that', 6, [], { subject: 'signature of A' }),
    imageOf('signature of B', 5, [], { subject: 'B' }),
    imageOf('signature of nothing', 4, [], { subject: 'gone' }),
  ];
  const rules = rulesOf({ ...tagged('v*'), ...most(1) }, { ...untagged, ...older('sinceImagePushed', 1) });
  assert.equal(outcome(rules, images), 'A:E1 signature of A:E1 signature of that:E1 signature of nothing:E2');
});

test('what is about an image stays, with all that is about it, while a manifest list needs it', () => {
  const images = [
    imageOf('A', 9, ['v1']),
    imageOf('B', 8, ['v2']),
    imageOf('signature of A', 7, [], { subject: 'A' }),
    imageOf('signature of that', 6, [], { subject: 'signature of A' }),
    imageOf('L', 5, ['signatures'], { references: ['signature of A'] }),
  ];
  assert.equal(outcome(rulesOf({ ...tagged('v*'), ...most(1) }), images), 'A:E1');
});

const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'];
const anyImages = fc
  .array(
    fc.record({
      tags: fc.uniqueArray(fc.constantFrom('alpha', 'beta', 'gamma'), { maxLength: 2 }),
      daysAgo: fc.integer({ min: 0, max: 12 }),
      archivedDaysAgo: fc.option(fc.integer({ min: 80, max: 100 }), { nil: undefined }),
      isActive: fc.boolean(),
      lists: fc.uniqueArray(fc.nat(7), { maxLength: 2 }),
      subject: fc.option(fc.nat(7), { nil: undefined, freq: 5 }),
    }),
    { maxLength: names.length },
  )
  .map((made) =>
    made.map(({ tags, daysAgo, archivedDaysAgo, isActive, lists, subject }, at): LifecycleImage => {
      // A digest can only be named by what was made after it.
      const references = lists.filter((index) => index < at).map((index) => names[index]!);
      const about = subject === undefined || subject >= at ? {} : { subject: names[subject]! };
      const archivedAt = archivedDaysAgo === undefined ? undefined : now - archivedDaysAgo * dayMs;
      const times =
        archivedAt === undefined ? {} : isActive ? { archivedAt, activatedAt: archivedAt + 1 } : { archivedAt };
      const storageClass = archivedAt !== undefined && !isActive ? 'ARCHIVE' : 'STANDARD';
      return imageOf(names[at]!, daysAgo, tags, { references, ...about, ...times, storageClass });
    }),
  );

const standard = fc.oneof(
  fc.integer({ min: 1, max: 4 }).map(most),
  fc.integer({ min: 1, max: 10 }).map((days) => older('sinceImagePushed', days)),
);
const onStandard = fc
  .tuple(standard, fc.constantFrom(expire, archive))
  .map(([count, action]) => ({ ...count, action }));
const onArchive = fc.constant({ storageClass: 'archive', ...older('sinceImageTransitioned', 90) });
const anyRules = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom('alpha', 'beta', 'gamma', '*a'), { maxLength: 3 }),
    fc.option(onStandard, { nil: undefined }),
    fc.option(onStandard, { nil: undefined }),
    fc.option(onArchive, { nil: undefined }),
    fc.array(onStandard, { minLength: 3, maxLength: 3 }),
  )
  .map(([patterns, first, last, archived, counts]) => [
    ...patterns.map((pattern, at) => ({ ...tagged(pattern), ...counts[at] })),
    ...(first === undefined ? [] : [{ ...untagged, ...first }]),
    ...(last === undefined ? [] : [{ ...any, ...last }]),
    ...(archived === undefined ? [] : [{ ...any, ...archived }]),
  ])
  .filter((selections) => selections.length > 0)
  .map((selections) => rulesOf(...selections));

test('no rules and images make a verdict that could not be carried out, or two on one image', () => {
  fc.assert(
    fc.property(anyRules, anyImages, (rules, images) => {
      const verdicts = evaluateLifecycle(rules, images, now);
      const gone = new Set<string>();
      for (const { image, action, rulePriority } of verdicts) {
        assert.ok(!gone.has(image.digest), 'twice');
        assert.ok(rules.some(({ priority }) => priority === rulePriority));
        const lists = images.filter(({ references }) => references.includes(image.digest));
        if (action === 'EXPIRE')
          assert.ok(
            lists.every(({ digest }) => gone.has(digest)),
            'expired under a list',
          );
        else assert.equal(image.storageClass, 'STANDARD');
        gone.add(image.digest);
      }
    }),
  );
});

test('a rule that keeps a number of images keeps them, where no rule before it selects any', () => {
  fc.assert(
    fc.property(anyImages, fc.integer({ min: 1, max: 5 }), (images, count) => {
      const verdicts = evaluateLifecycle(rulesOf({ ...any, ...most(count) }), images, now);
      const digests = new Set(images.map(({ digest }) => digest));
      const counted = images.filter(
        ({ storageClass, subject }) => storageClass === 'STANDARD' && !(subject !== undefined && digests.has(subject)),
      );
      const left = counted.filter((image) => !verdicts.some((verdict) => verdict.image === image));
      assert.ok(left.length >= Math.min(count, counted.length));
      // Only what a manifest list or an image that stays needs can be more than that.
      if (images.every(({ references }) => references.length === 0)) {
        assert.equal(left.length, Math.min(count, counted.length));
      }
    }),
  );
});

test('ten thousand images, listed and chained, are judged in one go', () => {
  const images = Array.from({ length: 10_000 }, (_, at) => {
    const references = at % 2 === 1 ? [`i${at - 1}`] : [];
    const about = at % 10 === 4 ? { subject: `i${at - 2}` } : {};
    return imageOf(`i${at}`, 20 - at / 1000, at % 3 === 0 ? [`v${at}`] : [], { references, ...about });
  });
  const chain = Array.from({ length: 5_000 }, (_, at) =>
    imageOf(
      `c${at}`,
      20,
      [],
      at === 0 ? {} : at % 2 === 0 ? { references: [`c${at - 1}`] } : { subject: `c${at - 1}` },
    ),
  );
  const verdicts = evaluateLifecycle(rulesOf({ ...any, ...most(100) }), [...images, ...chain], now);
  assert.ok(verdicts.length > 5_000);
});

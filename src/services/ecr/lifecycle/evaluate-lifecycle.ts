// Decides which images a lifecycle policy expires or archives now. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules
import type { LifecycleRule } from './lifecycle-rule.ts';
import { satisfies } from './tag-pattern.ts';

/** An image as the rules look at it; times in milliseconds since the epoch. */
export interface LifecycleImage {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly storageClass: 'STANDARD' | 'ARCHIVE';
  readonly pushedAt: number;
  readonly pulledAt?: number | undefined;
  readonly archivedAt?: number | undefined;
  /** When it was last taken back from the archive. */
  readonly activatedAt?: number | undefined;
  /** Digests of the manifests that it lists, among others. */
  readonly references: readonly string[];
  /** The digest of the manifest that it is about. */
  readonly subject?: string | undefined;
}

/** That a rule acts on an image. */
export interface LifecycleVerdict {
  readonly image: LifecycleImage;
  readonly rulePriority: number;
  readonly action: LifecycleRule['action'];
}

const dayMs = 86_400_000;

/**
 * At most one verdict for each image, in an order in which they can be carried out: older images first, but a manifest
 * list before what it lists. `rules` are ordered by priority. What `isSpared` is counted, but no verdict falls on it.
 */
export function evaluateLifecycle(
  rules: readonly LifecycleRule[],
  images: readonly LifecycleImage[],
  now: number,
  isSpared: (image: LifecycleImage) => boolean = () => false,
): LifecycleVerdict[] {
  const digests = new Set(images.map(({ digest }) => digest));
  // What is about another image (a signature, a bill of materials) goes with it, by no rule of its own.
  const follows = ({ subject }: LifecycleImage) => subject !== undefined && digests.has(subject);
  const verdicts = markImages(
    rules,
    images.filter((image) => !follows(image)),
    now,
  );
  for (const { image } of verdicts.values()) if (isSpared(image)) verdicts.delete(image.digest);
  const lists = grouped(images, ({ references }) => references.filter((digest) => digests.has(digest)));
  dropNeeded(verdicts, lists);
  const followers = grouped(images.filter(follows), ({ subject }) => [subject!]);
  addFollowers(verdicts, followers, lists);
  return ordered(verdicts, lists);
}

type Verdicts = Map<string, LifecycleVerdict>;
/** Images by a digest that they name. */
type Grouped = ReadonlyMap<string, readonly LifecycleImage[]>;

/** Every rule looks at all that it selects; it may act on what no rule before it selects. */
function markImages(rules: readonly LifecycleRule[], images: readonly LifecycleImage[], now: number): Verdicts {
  const verdicts: Verdicts = new Map();
  const seen = new Set<LifecycleImage>();
  for (const rule of rules) {
    const selected = images.filter((image) => selects(rule, image));
    for (const image of beyond(rule, selected, now)) {
      if (seen.has(image)) continue;
      verdicts.set(image.digest, { image, rulePriority: rule.priority, action: rule.action });
    }
    for (const image of selected) seen.add(image);
  }
  return verdicts;
}

function selects({ storageClass, tagStatus, tags: required }: LifecycleRule, image: LifecycleImage): boolean {
  if (image.storageClass !== storageClass) return false;
  if (tagStatus === 'any') return true;
  if (tagStatus === 'untagged') return image.tags.length === 0;
  return image.tags.length > 0 && required.every((each) => image.tags.some((tag) => satisfies(each, tag)));
}

/** Of what a rule selects, what is too much or too old. */
function beyond(rule: LifecycleRule, selected: readonly LifecycleImage[], now: number): readonly LifecycleImage[] {
  if (rule.countType === 'imageCountMoreThan') return selected.toSorted(youngestFirst).slice(rule.countNumber);
  const before = now - rule.countNumber * dayMs;
  return selected.filter((image) => timeOf(rule.countType, image) < before);
}

function timeOf(countType: LifecycleRule['countType'], image: LifecycleImage): number {
  if (countType === 'sinceImageTransitioned') return image.archivedAt ?? Infinity;
  if (countType === 'sinceImagePulled') return Math.max(image.pulledAt ?? image.pushedAt, image.activatedAt ?? 0);
  return ageOf(image);
}

/** "If an image was archived and then restored at any point in the past, last_activated_at is used instead of pushed_at_time." */
function ageOf({ pushedAt, activatedAt }: LifecycleImage): number {
  return activatedAt ?? pushedAt;
}

function youngestFirst(one: LifecycleImage, other: LifecycleImage): number {
  return ageOf(other) - ageOf(one) || (one.digest < other.digest ? -1 : 1);
}

function grouped(images: readonly LifecycleImage[], digestsOf: (image: LifecycleImage) => readonly string[]): Grouped {
  const groups = new Map<string, LifecycleImage[]>();
  for (const image of images) {
    for (const digest of digestsOf(image)) {
      const group = groups.get(digest);
      if (group === undefined) groups.set(digest, [image]);
      else group.push(image);
    }
  }
  return groups;
}

/** Whether a manifest list that stays needs an image, so that nothing may be done to it. */
function isNeeded({ image, action }: LifecycleVerdict, verdicts: Verdicts, lists: Grouped): boolean {
  return (lists.get(image.digest) ?? []).some((list) => {
    const fate = verdicts.get(list.digest)?.action;
    return action === 'EXPIRE' ? fate !== 'EXPIRE' : fate === undefined && list.storageClass === 'STANDARD';
  });
}

/** Takes back what is needed by a list that stays, and so on for what is needed by that. */
function dropNeeded(verdicts: Verdicts, lists: Grouped): void {
  const pending = [...verdicts.values()];
  for (let verdict = pending.pop(); verdict !== undefined; verdict = pending.pop()) {
    const { image } = verdict;
    if (verdicts.get(image.digest) !== verdict || !isNeeded(verdict, verdicts, lists)) continue;
    verdicts.delete(image.digest);
    for (const digest of image.references) pending.push(...[verdicts.get(digest) ?? []].flat());
  }
}

/** "Lifecycle policies automatically expire or archive those artifacts [after] the deletion or archival of the subject image." */
function addFollowers(verdicts: Verdicts, followers: Grouped, lists: Grouped): void {
  const pending = [...verdicts.values()];
  for (let verdict = pending.pop(); verdict !== undefined; verdict = pending.pop()) {
    for (const image of followers.get(verdict.image.digest) ?? []) {
      const own = { ...verdict, image };
      if (isNeeded(own, verdicts, lists)) continue;
      pending.push(own);
      const isArchived = image.storageClass === 'ARCHIVE' && own.action === 'TRANSITION';
      if (!isArchived) verdicts.set(image.digest, own);
    }
  }
}

function ordered(verdicts: Verdicts, lists: Grouped): LifecycleVerdict[] {
  const result = new Set<LifecycleVerdict>();
  const pending = [...verdicts.values()].toSorted((one, other) => youngestFirst(one.image, other.image));
  for (let verdict = pending.at(-1); verdict !== undefined; verdict = pending.at(-1)) {
    const before = (lists.get(verdict.image.digest) ?? []).flatMap(({ digest }) => verdicts.get(digest) ?? []);
    const waitsFor = result.has(verdict) ? [] : before.filter((each) => !result.has(each));
    if (waitsFor.length > 0) {
      pending.push(...waitsFor);
    } else {
      result.add(verdict);
      pending.pop();
    }
  }
  return [...result];
}

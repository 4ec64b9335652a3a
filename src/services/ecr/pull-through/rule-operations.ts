// The API's operations on pull-through cache rules. Upstream is asked as an anonymous client: credentials are not accepted.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
import type { Context, Operations, Out } from '#aws/service.ts';
import { UpstreamError, type UpstreamRegistry } from '#drivers/upstream-registry.ts';
import type { Reader, Resource, Store } from '#kernel/store.ts';
import { rootPrefix } from '#services/ecr/create-repository.ts';
import { invalidParameter, outOfRange } from '#services/ecr/errors.ts';
import { prefixKey } from '#services/ecr/keys.ts';
import { pullThroughRuleKind, type PullThroughRuleSpec } from './kinds.ts';
import { checkBatch, pageLimit } from '#services/ecr/limits.ts';
import { requireOwnRegistry, scopeOf } from '#services/ecr/registry-scope.ts';
import { ruleAlreadyExists, ruleNotFound, tooManyRules } from './errors.ts';
import { bare } from './match-rule.ts';
import { checkUpstream, knownUpstream } from './upstreams.ts';

type Rule = Resource<PullThroughRuleSpec, null>;
type RuleDetail = NonNullable<Out<'ecr', 'DescribePullThroughCacheRules'>['pullThroughCacheRules']>[number];

/** "Rules per registry", https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html */
const mostRules = 50;
const prefixPattern = '^([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\\/?|ROOT)$';
const prefixForm = new RegExp(prefixPattern);

export function pullThroughRuleOperations(parts: {
  readonly store: Store;
  readonly upstream: UpstreamRegistry;
}): Operations<'ecr'> {
  return { ...writing, ...reading, ...validating(parts) };
}

const writing: Operations<'ecr'> = {
  CreatePullThroughCacheRule: {
    accepts: {
      registryId: true,
      ecrRepositoryPrefix: true,
      upstreamRegistryUrl: true,
      upstreamRegistry: true,
      upstreamRepositoryPrefix: true,
    },
    run(input, tx, context) {
      requireOwn(input, context, 'CreatePullThroughCacheRule');
      const { ecrRepositoryPrefix: prefix = '', upstreamRepositoryPrefix: upstreamPrefix } = input;
      checkPrefix('ecrRepositoryPrefix', prefix);
      checkPrefix('upstreamRepositoryPrefix', upstreamPrefix ?? rootPrefix);
      if (prefix === rootPrefix && (upstreamPrefix ?? rootPrefix) !== rootPrefix) {
        throw invalidParameter('upstreamRepositoryPrefix', 'must be ROOT where ecrRepositoryPrefix is ROOT');
      }
      const upstreamRegistryUrl = input.upstreamRegistryUrl ?? '';
      checkUpstream(upstreamRegistryUrl, input.upstreamRegistry);
      const key = prefixKey(scopeOf(context), bare(prefix));
      if (tx.get(pullThroughRuleKind, key) !== undefined) throw ruleAlreadyExists(prefix, context.account);
      if (rulesOf(tx, context).length >= mostRules) throw tooManyRules(mostRules);
      const now = context.now.getTime();
      const given = upstreamPrefix === undefined ? {} : { upstreamPrefix };
      const spec = { prefix, upstreamRegistryUrl, ...given, createdAt: now, updatedAt: now };
      tx.put(pullThroughRuleKind, key, { spec, status: null });
      return { ...identify(spec, context), ...upstreamRegistryOf(spec), createdAt: context.now };
    },
  },
  UpdatePullThroughCacheRule: {
    accepts: { registryId: true, ecrRepositoryPrefix: true },
    run(input, tx, context) {
      requireOwn(input, context, 'UpdatePullThroughCacheRule');
      const rule = requireRule(tx, context, input.ecrRepositoryPrefix);
      const spec = { ...rule.spec, updatedAt: context.now.getTime() };
      tx.setSpec(pullThroughRuleKind, rule.key, spec);
      const { upstreamRegistryUrl: _, ...updated } = identify(spec, context);
      return { ...updated, updatedAt: context.now };
    },
  },
  DeletePullThroughCacheRule: {
    accepts: true,
    run(input, tx, context) {
      requireOwn(input, context, 'DeletePullThroughCacheRule');
      const rule = requireRule(tx, context, input.ecrRepositoryPrefix);
      tx.delete(pullThroughRuleKind, rule.key);
      return { ...identify(rule.spec, context), createdAt: new Date(rule.spec.createdAt) };
    },
  },
};

const reading: Operations<'ecr'> = {
  DescribePullThroughCacheRules: {
    accepts: true,
    read(input, reader, context) {
      requireOwn(input, context, 'DescribePullThroughCacheRules');
      const { ecrRepositoryPrefixes: prefixes, nextToken } = input;
      const limit = pageLimit(input.maxResults);
      if (prefixes !== undefined && prefixes.length > 0) checkBatch('ecrRepositoryPrefixes', prefixes);
      const named = new Map(
        prefixes?.map((each) => requireRule(reader, context, each)).map((rule) => [rule.key, rule]),
      );
      const rules = named.size > 0 ? [...named.values()].toSorted(byKey) : rulesOf(reader, context);
      const page = context.page(rules, ({ key }) => key, { token: nextToken, limit });
      return { pullThroughCacheRules: page.items.map((rule) => describe(rule, context)), nextToken: page.nextToken };
    },
  },
};

function validating({ store, upstream }: { readonly store: Store; readonly upstream: UpstreamRegistry }) {
  const operations: Operations<'ecr'> = {
    ValidatePullThroughCacheRule: {
      accepts: true,
      async perform(input, context, signal) {
        requireOwn(input, context, 'ValidatePullThroughCacheRule');
        const rule = store.read((reader) => requireRule(reader, context, input.ecrRepositoryPrefix));
        await store.durable();
        const failure = await reach(upstream, rule.spec.upstreamRegistryUrl, signal);
        return {
          ...identify(rule.spec, context),
          isValid: failure === undefined,
          ...(failure === undefined ? {} : { failure }),
        };
      },
    },
  };
  return operations;
}

/** Why the upstream does not answer, or undefined where it does. */
async function reach(upstream: UpstreamRegistry, registry: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    await upstream.ping(registry, signal);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof UpstreamError) return thrown.message;
    throw thrown;
  }
}

function describe({ spec }: Rule, context: Context): RuleDetail {
  return {
    ...identify(spec, context),
    ...upstreamRegistryOf(spec),
    createdAt: new Date(spec.createdAt),
    updatedAt: new Date(spec.updatedAt),
  };
}

function identify(spec: PullThroughRuleSpec, { account }: Context) {
  return {
    ecrRepositoryPrefix: spec.prefix,
    upstreamRegistryUrl: spec.upstreamRegistryUrl,
    registryId: account,
    // Terraform takes a prefix that nobody put for a change.
    ...(spec.upstreamPrefix === undefined ? {} : { upstreamRepositoryPrefix: spec.upstreamPrefix }),
  };
}

function upstreamRegistryOf({ upstreamRegistryUrl }: PullThroughRuleSpec): Pick<RuleDetail, 'upstreamRegistry'> {
  const upstreamRegistry = knownUpstream(upstreamRegistryUrl);
  return upstreamRegistry === undefined ? {} : { upstreamRegistry };
}

function rulesOf(reader: Reader, context: Context): Rule[] {
  return reader.list(pullThroughRuleKind, prefixKey(scopeOf(context), ''));
}

function requireRule(reader: Reader, context: Context, prefix = ''): Rule {
  checkPrefix('ecrRepositoryPrefix', prefix);
  const rule = reader.get(pullThroughRuleKind, prefixKey(scopeOf(context), bare(prefix)));
  if (rule === undefined) throw ruleNotFound(prefix, context.account);
  return rule;
}

function requireOwn(input: { readonly registryId?: string | undefined }, context: Context, operation: string): void {
  requireOwnRegistry(input.registryId, context, { operation, resource: '*' });
}

function checkPrefix(parameter: string, prefix: string): void {
  if (prefix.length < 2) throw outOfRange(parameter, 'length', 'greater than or equal to 2');
  if (prefix.length > 30) throw outOfRange(parameter, 'length', 'less than or equal to 30');
  if (!prefixForm.test(prefix)) throw invalidParameter(parameter, `must satisfy regular expression '${prefixPattern}'`);
}

function byKey(a: Rule, b: Rule): number {
  return a.key < b.key ? -1 : 1;
}

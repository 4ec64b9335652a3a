// Makes what a handler knows about its request.
import { AwsError } from '#kernel/error.ts';
import { catalog, type ModelName } from './models.ts';
import type { PageTokens } from './page-token.ts';
import type { Context, Page, PageRequest, Principal } from './service.ts';

/** Where a request comes from and what it asks for. */
export interface ContextSource {
  readonly requestId: string;
  readonly principal: Principal;
  readonly region: string;
  readonly now: Date;
  readonly sourceAddress: string;
  readonly model: ModelName;
  readonly operation: string;
}

/** The context of a request that was verified. */
export function createContext(source: ContextSource, tokens: PageTokens): Context {
  const { account } = source.principal;
  const purpose = `${account}/${source.region}/${source.model}/${source.operation}`;
  const sealToken = (position: string) => tokens.seal(purpose, position);
  const openToken = (token: string): string => {
    const position = tokens.open(purpose, token);
    if (position === undefined) throw invalidToken(source.model);
    return position;
  };
  return {
    account,
    region: source.region,
    requestId: source.requestId,
    principal: source.principal,
    now: source.now,
    sourceAddress: source.sourceAddress,
    sealToken,
    openToken,
    page<T>(items: readonly T[], keyOf: (item: T) => string, { token, limit }: PageRequest): Page<T> {
      const start = token === undefined ? 0 : firstAfter(items, keyOf, openToken(token));
      const page = items.slice(start, start + limit);
      const last = page.at(-1);
      if (last === undefined || start + limit >= items.length) return { items: page };
      return { items: page, nextToken: sealToken(keyOf(last)) };
    },
  };
}

/** The item that the last page ended with may be gone by now: its place is what counts. */
function firstAfter<T>(items: readonly T[], keyOf: (item: T) => string, position: string): number {
  const index = items.findIndex((item) => keyOf(item) > position);
  return index < 0 ? items.length : index;
}

function invalidToken(model: ModelName): AwsError {
  const { code, message } = catalog[model].invalidToken;
  return new AwsError(code, message);
}

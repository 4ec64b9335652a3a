// Pages and their tokens: whole, in order, and good only for what they were given out for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AwsError } from '#kernel/error.ts';
import { createContext, type ContextSource } from './context.ts';
import { PageTokens } from './page-token.ts';
import type { Page } from './service.ts';

const tokens = new PageTokens(Buffer.alloc(32, 7));
const source: ContextSource = {
  requestId: 'request',
  principal: {
    account: '123456789012',
    arn: 'arn:aws:iam::123456789012:root',
    userId: '123456789012',
    accessKeyId: 'A',
  },
  region: 'eu-west-1',
  now: new Date('2026-01-01T00:00:00Z'),
  sourceAddress: '127.0.0.1',
  model: 'ecs',
  operation: 'ListClusters',
};
const context = createContext(source, tokens);
const itself = (item: string): string => item;

/** Every page of `items`, which may be others at every call. */
function allPages(items: () => readonly string[], limit: number): string[][] {
  const pages: string[][] = [];
  let token: string | undefined;
  do {
    const page: Page<string> = context.page(items(), itself, { token, limit });
    pages.push(page.items);
    token = page.nextToken;
  } while (token !== undefined);
  return pages;
}

const sorted = fc
  .uniqueArray(fc.string({ unit: 'grapheme' }), { maxLength: 40 })
  .map((items) => items.toSorted((a, b) => (a < b ? -1 : 1)));

test('the pages of a list are the list, each as long as asked for but the last', () => {
  fc.assert(
    fc.property(sorted, fc.integer({ min: 1, max: 12 }), (items, limit) => {
      const pages = allPages(() => items, limit);
      assert.deepEqual(pages.flat(), items);
      for (const page of pages.slice(0, -1)) assert.equal(page.length, limit);
      assert.equal(pages.length, Math.max(1, Math.ceil(items.length / limit)));
    }),
  );
});

test('what was deleted between two pages neither repeats nor hides what is left', () => {
  fc.assert(
    fc.property(sorted, fc.integer({ min: 1, max: 5 }), (items, limit) => {
      const first = context.page(items, itself, { token: undefined, limit });
      if (first.nextToken === undefined) return;
      const rest = items.slice(limit);
      // Even the very item that the token stands for is gone.
      const second = context.page(rest, itself, { token: first.nextToken, limit: 100 });
      assert.deepEqual(second.items, rest);
      const none = context.page(items.slice(0, limit), itself, { token: first.nextToken, limit });
      assert.deepEqual(none, { items: [] });
    }),
  );
});

test('what was added before the position is not seen, what was added after it is', () => {
  const { nextToken } = context.page(['b', 'd', 'f'], itself, { token: undefined, limit: 2 });
  assert.deepEqual(context.page(['a', 'b', 'c', 'd', 'e', 'f'], itself, { token: nextToken, limit: 9 }).items, [
    'e',
    'f',
  ]);
});

test('the page that ends the list has no token', () => {
  assert.deepEqual(context.page(['a', 'b'], itself, { token: undefined, limit: 2 }), { items: ['a', 'b'] });
  assert.deepEqual(context.page([], itself, { token: undefined, limit: 2 }), { items: [] });
});

test('a token is good for its own operation, region, account and key only', () => {
  const token = context.sealToken('position');
  assert.equal(context.openToken(token), 'position');
  const others: Partial<ContextSource>[] = [
    { region: 'eu-west-2' },
    { operation: 'ListTasks' },
    { model: 'logs' },
    { principal: { ...source.principal, account: '210987654321' } },
  ];
  const elsewhere = others.map((other) => createContext({ ...source, ...other }, tokens));
  elsewhere.push(createContext(source, new PageTokens(Buffer.alloc(32, 8))));
  for (const other of elsewhere) assert.throws(() => other.openToken(token), AwsError);
});

test('a bad token is refused in the words of its service', () => {
  const words = {
    ecs: 'InvalidParameterException',
    ec2: 'InvalidPaginationToken',
    monitoring: 'InvalidNextToken',
    sts: 'ValidationError',
  } as const;
  for (const [model, code] of Object.entries(words)) {
    const other = createContext({ ...source, model: model as keyof typeof words }, tokens);
    for (const token of ['', 'x', `${other.sealToken('p')}A`]) {
      assert.throws(() => other.page(['a'], itself, { token, limit: 1 }), { name: 'AwsError', code, status: 400 });
    }
  }
});

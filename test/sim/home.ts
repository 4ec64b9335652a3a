// The account and region that everything simulated happens in.
import type { Scope } from '#kernel/arn.ts';

export const home: Scope = { account: '123456789012', region: 'us-east-1' };

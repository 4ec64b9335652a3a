// What an account has set for its principals, and what holds where it has set nothing.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
import type { Scope } from '#kernel/arn.ts';
import type { Reader } from '#kernel/store.ts';
import { accountSettingKey, accountSettingKind } from './kinds.ts';
import type { SettingName } from './shapes.ts';

interface Known {
  readonly name: SettingName;
  /** What can be set, what holds by default first. What Berth does not have cannot be switched on. */
  readonly values: readonly [string, ...string[]];
}

/** In the order of their names. */
export const knownSettings: readonly Known[] = [
  { name: 'awsvpcTrunking', values: ['disabled'] },
  { name: 'containerInsights', values: ['disabled', 'enabled', 'enhanced'] },
  { name: 'containerInstanceLongArnFormat', values: ['enabled'] },
  { name: 'fargateFIPSMode', values: ['disabled'] },
  { name: 'guardDutyActivate', values: ['off'] },
  { name: 'serviceLongArnFormat', values: ['enabled'] },
  { name: 'tagResourceAuthorization', values: ['off'] },
  { name: 'taskLongArnFormat', values: ['enabled'] },
];

/** Whose settings are the account's defaults. */
export function rootArn(scope: Scope): string {
  return `arn:aws:iam::${scope.account}:root`;
}

/** The value of a known setting for a principal: its own, else the account's, else AWS's. */
export function effectiveSetting(reader: Reader, scope: Scope, principalArn: string, name: SettingName): string {
  const own = reader.get(accountSettingKind, accountSettingKey(scope, principalArn, name));
  const common = own ?? reader.get(accountSettingKind, accountSettingKey(scope, rootArn(scope), name));
  return common?.spec.value ?? knownSettings.find((each) => each.name === name)!.values[0];
}

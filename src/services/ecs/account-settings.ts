// Account settings: PutAccountSetting, PutAccountSettingDefault, DeleteAccountSetting, ListAccountSettings.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
import type { Reader, Tx } from '#kernel/store.ts';
import type { Context, In, Operations } from '#aws/service.ts';
import { effectiveSetting, knownSettings, rootArn } from './account-defaults.ts';
import { checkedLimit } from './clusters.ts';
import { invalidParameter } from './errors.ts';
import { accountSettingKey, accountSettingKind, nothingObserved, type AccountSettingSpec } from './kinds.ts';
import type { SettingName } from './shapes.ts';

const mostListed = 100;

export const accountSettingOperations: Operations<'ecs'> = {
  PutAccountSetting: {
    accepts: { name: true, value: true, principalArn: true },
    run: ({ name, value, principalArn }, tx, context) => {
      const spec = { ...checkedSetting(name, value), principalArn: checkedPrincipal(principalArn, context) };
      return { setting: putSetting(spec, tx, context) };
    },
  },
  PutAccountSettingDefault: {
    accepts: { name: true, value: true },
    run: ({ name, value }, tx, context) => {
      return { setting: putSetting({ ...checkedSetting(name, value), principalArn: rootArn(context) }, tx, context) };
    },
  },
  DeleteAccountSetting: {
    accepts: { name: true, principalArn: true },
    run: (input, tx, context) => {
      const name = checkedName(input.name);
      const principalArn = checkedPrincipal(input.principalArn, context);
      const key = accountSettingKey(context, principalArn, name);
      if (tx.get(accountSettingKind, key) !== undefined) tx.delete(accountSettingKind, key);
      return { setting: { name, value: effectiveSetting(tx, context, principalArn, name), principalArn } };
    },
  },
  ListAccountSettings: {
    accepts: {
      name: true,
      value: true,
      principalArn: true,
      effectiveSettings: true,
      nextToken: true,
      maxResults: true,
    },
    read(input, reader, context) {
      const { name, value, nextToken, maxResults } = input;
      const principalArn = checkedPrincipal(input.principalArn, context);
      const all = input.effectiveSettings
        ? effectiveSettings(reader, context, principalArn)
        : ownSettings(reader, context, principalArn);
      const found = all.filter(
        (setting) => (name ?? setting.name) === setting.name && (value ?? setting.value) === setting.value,
      );
      const limit = checkedLimit(maxResults, mostListed);
      const page = context.page(found, (setting) => setting.name, { token: nextToken, limit });
      return { settings: page.items, nextToken: page.nextToken };
    },
  },
};

function effectiveSettings(reader: Reader, context: Context, principalArn: string): AccountSettingSpec[] {
  return knownSettings.map(({ name }) => ({
    name,
    value: effectiveSetting(reader, context, principalArn, name),
    principalArn,
  }));
}

function ownSettings(reader: Reader, context: Context, principalArn: string): AccountSettingSpec[] {
  const settings = reader.list(accountSettingKind, accountSettingKey(context, principalArn, ''));
  return settings.map(({ spec }) => spec).filter((spec) => spec.principalArn === principalArn);
}

function putSetting(spec: AccountSettingSpec, tx: Tx, context: Context): AccountSettingSpec {
  const key = accountSettingKey(context, spec.principalArn, spec.name);
  return tx.put(accountSettingKind, key, { spec, status: nothingObserved }).spec;
}

function checkedSetting(
  asked: In<'ecs', 'PutAccountSetting'>['name'],
  value: string | undefined,
): Pick<AccountSettingSpec, 'name' | 'value'> {
  const name = checkedName(asked);
  const { values } = knownSettings.find((each) => each.name === name)!;
  const found = values.find((each) => each === value);
  if (found !== undefined) return { name, value: found };
  throw invalidParameter(
    `Berth does not support the value '${value}' of the account setting ${name}: it should be one of [${values.join(',')}]`,
  );
}

function checkedName(asked: string | undefined): SettingName {
  const known = knownSettings.find(({ name }) => name === asked);
  if (known === undefined) throw invalidParameter(`Berth does not support the account setting '${asked}'.`);
  return known.name;
}

/** The principal whose settings are meant: the caller, where none is named. Throws where it is of another account. */
function checkedPrincipal(principalArn: string | undefined, context: Context): string {
  if (principalArn === undefined) return context.principal.arn;
  const form = new RegExp(`^arn:aws[a-z-]*:iam::${context.account}:(root|(user|role)/.+)$`);
  if (!form.test(principalArn)) throw invalidParameter(`The principal ARN '${principalArn}' is not of this account.`);
  return principalArn;
}

// ListAccountSettings: what holds for every principal, since nothing can be set otherwise yet.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
import type { Out, Operations } from '#aws/service.ts';
import { checkedLimit } from './clusters.ts';

const mostListed = 100;

type SettingName = NonNullable<NonNullable<Out<'ecs', 'ListAccountSettings'>['settings']>[number]['name']>;

/** In the order of their names. */
const effective: readonly { readonly name: SettingName; readonly value: string }[] = [
  { name: 'awsvpcTrunking', value: 'disabled' },
  { name: 'containerInsights', value: 'disabled' },
  { name: 'containerInstanceLongArnFormat', value: 'enabled' },
  { name: 'fargateFIPSMode', value: 'disabled' },
  { name: 'guardDutyActivate', value: 'off' },
  { name: 'serviceLongArnFormat', value: 'enabled' },
  { name: 'tagResourceAuthorization', value: 'off' },
  { name: 'taskLongArnFormat', value: 'enabled' },
];

export const accountSettingOperations: Operations<'ecs'> = {
  ListAccountSettings: {
    accepts: {
      name: true,
      value: true,
      principalArn: true,
      effectiveSettings: true,
      nextToken: true,
      maxResults: true,
    },
    read({ name, value, principalArn, effectiveSettings, nextToken, maxResults }, _reader, context) {
      const found = (effectiveSettings ? effective : []).filter(
        (setting) => (name ?? setting.name) === setting.name && (value ?? setting.value) === setting.value,
      );
      const page = context.page(found, (setting) => setting.name, {
        token: nextToken,
        limit: checkedLimit(maxResults, mostListed),
      });
      const settings = page.items.map((setting) => ({
        ...setting,
        principalArn: principalArn ?? context.principal.arn,
      }));
      return { settings, nextToken: page.nextToken };
    },
  },
};

// The settings of an account in a region, by name: what AWS documents, as far as this registry can keep it.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutAccountSetting.html
import type { Operations } from '#aws/service.ts';
import type { RegistrySpec } from '#services/ecr/kinds.ts';
import { changeRegistry, registryIn } from '#services/ecr/registry-record.ts';
import { scopeOf } from '#services/ecr/registry-scope.ts';
import { notInEnum, settingUnsupported } from './errors.ts';

interface Setting {
  /** What AWS knows. */
  readonly known: readonly string[];
  /** What this registry can do; the first is what holds where nothing was put. */
  readonly supported: readonly string[];
}

const settings: Readonly<Record<string, Setting>> = {
  // Clair has been retired, and what is scanned with here is chosen by what is installed.
  BASIC_SCAN_TYPE_VERSION: { known: ['AWS_NATIVE', 'CLAIR'], supported: ['AWS_NATIVE'] },
  // The registry policy covers every action of ECR, which is V2.
  REGISTRY_POLICY_SCOPE: { known: ['V1', 'V2'], supported: ['V2'] },
  // Mounting costs nothing here, so it is on unlike on AWS: clients that don't ask for it see no difference.
  BLOB_MOUNTING: { known: ['ENABLED', 'DISABLED'], supported: ['ENABLED'] },
};

function settingOf(name: string | undefined): { readonly name: string; readonly setting: Setting } {
  const setting = Object.hasOwn(settings, name ?? '') ? settings[name!] : undefined;
  if (setting === undefined) throw notInEnum('name', Object.keys(settings));
  return { name: name!, setting };
}

function valueOf(registry: RegistrySpec, name: string): string {
  return registry.settings[name] ?? settings[name]!.supported[0]!;
}

export const accountSettingOperations: Operations<'ecr'> = {
  GetAccountSetting: {
    accepts: true,
    read(input, reader, context) {
      const { name } = settingOf(input.name);
      return { name, value: valueOf(registryIn(reader, scopeOf(context)), name) };
    },
  },
  PutAccountSetting: {
    accepts: true,
    run(input, tx, context) {
      const { name, setting } = settingOf(input.name);
      const value = input.value ?? '';
      if (!setting.known.includes(value)) throw notInEnum('value', setting.known);
      if (!setting.supported.includes(value)) throw settingUnsupported(name, value, setting.supported);
      changeRegistry(tx, scopeOf(context), (before) => ({
        ...before,
        settings: { ...before.settings, [name]: value },
      }));
      return { name, value };
    },
  },
};

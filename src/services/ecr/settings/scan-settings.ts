// Which repositories are to be scanned when an image is pushed: a registry's rules, and what holds for one repository. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-filters.html
import type { In } from '#aws/service.ts';
import { invalidParameter, outOfRange } from '#services/ecr/errors.ts';
import type { RegistrySpec, RepositorySpec, ScanningRule } from '#services/ecr/kinds.ts';
import { enhancedScanningUnsupported, frequencyUnsupported, notInEnum } from './errors.ts';
import { matchesWildcard } from './wildcard.ts';

type Asked = In<'ecr', 'PutRegistryScanningConfiguration'>;
type AskedRule = NonNullable<Asked['rules']>[number];

const mostRules = 2;
const mostFilters = 100;
const frequencies: readonly ScanningRule['scanFrequency'][] = ['SCAN_ON_PUSH', 'CONTINUOUS_SCAN', 'MANUAL'];
/** As AWS prints it. */
const filterPattern = '^[a-z0-9*](?:[._\\-/a-z0-9*]?[a-z0-9*]+)*$';
/** The same set without the nested repetition, which would take a hostile filter's length to the power of it. */
const filterForm = /^[a-z0-9*](?:[._\-/]?[a-z0-9*])*$/;

/** What holds for one repository. */
export interface ScanSetting {
  readonly scanOnPush: boolean;
  readonly scanFrequency: ScanningRule['scanFrequency'];
  /** The registry's filters that match its name. */
  readonly appliedFilters: readonly string[];
}

/** The rules that a request asks for. Throws InvalidParameterException. */
export function readScanSettings({
  scanType = 'BASIC',
  rules = [],
}: Asked): Pick<RegistrySpec, 'scanType' | 'scanningRules'> {
  if (scanType === 'ENHANCED') throw enhancedScanningUnsupported();
  if (scanType !== 'BASIC') throw notInEnum('scanType', ['BASIC', 'ENHANCED']);
  if (rules.length > mostRules) throw outOfRange('rules', 'length', `less than or equal to ${mostRules}`);
  return { scanType, scanningRules: rules.map(readRule) };
}

function readRule({ scanFrequency, repositoryFilters = [] }: AskedRule): ScanningRule {
  if (scanFrequency === undefined || !frequencies.includes(scanFrequency)) {
    throw notInEnum('rules.scanFrequency', frequencies);
  }
  if (scanFrequency === 'CONTINUOUS_SCAN') throw frequencyUnsupported(scanFrequency);
  const parameter = 'rules.repositoryFilters';
  if (repositoryFilters.length > mostFilters) {
    throw outOfRange(parameter, 'length', `less than or equal to ${mostFilters}`);
  }
  for (const { filter = '', filterType } of repositoryFilters) {
    if (filterType !== 'WILDCARD') throw notInEnum(`${parameter}.filterType`, ['WILDCARD']);
    if (filter.length > 255 || !filterForm.test(filter)) {
      throw invalidParameter(`${parameter}.filter`, `must satisfy regular expression '${filterPattern}'`);
    }
  }
  return { scanFrequency, filters: repositoryFilters.map(({ filter = '' }) => filter) };
}

/** A repository's setting: its own, or the registry's where one of its filters matches. */
export function scanSettingOf(registry: RegistrySpec, repository: RepositorySpec): ScanSetting {
  const onPush = registry.scanningRules.filter(({ scanFrequency }) => scanFrequency === 'SCAN_ON_PUSH');
  const filters = onPush.flatMap((rule) => rule.filters);
  const appliedFilters = filters.filter((filter) => matchesWildcard(filter, repository.repositoryName));
  const scanOnPush = repository.scanOnPush || appliedFilters.length > 0;
  return { scanOnPush, scanFrequency: scanOnPush ? 'SCAN_ON_PUSH' : 'MANUAL', appliedFilters };
}

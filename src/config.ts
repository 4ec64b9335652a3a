// Flags and environment become one typed Config, once.
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { isRegion } from '#kernel/arn.ts';
import type { Level } from '#kernel/log.ts';
import { withoutAwsHostnames } from './aws-hostnames.ts';

/** Everything that an operator can choose. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** Absolute path of the data directory. */
  readonly data: string;
  /** The home account (twelve digits), where one is chosen; home.ts settles what holds. */
  readonly account?: string;
  /** The home region, where one is chosen. */
  readonly region?: string;
  /** Address range of the first default VPC (a /16), where one is chosen. */
  readonly vpcCidr?: string;
  readonly logLevel: Level;
  /** Further names by which clients may address Berth in the Host header. */
  readonly hostnames: readonly string[];
  /** The folder of the certificate for AWS's own registry names, or `none`. */
  readonly awsHostnames: string;
  /** Root keys chosen by the operator; made at random when absent. */
  readonly rootKeys?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A flag of `berth up`: its environment variable is `BERTH_` and the name in capitals. */
interface Setting {
  readonly flag: string;
  readonly environment: string;
  readonly placeholder: string;
  readonly description: string;
  readonly standard: string;
  /** Says what is wrong with a value, or nothing. */
  readonly complaint: (value: string) => string | undefined;
}

const levels: readonly Level[] = ['debug', 'info', 'warn', 'error'];

const matches = (pattern: RegExp, wanted: string) => (value: string) => (pattern.test(value) ? undefined : wanted);

/** The settings by their Config member. */
export const settings = {
  port: {
    flag: '--port',
    environment: 'BERTH_PORT',
    placeholder: 'number',
    description: 'TCP port of all APIs and the registry',
    standard: '4566',
    complaint: (value) => (/^\d{1,5}$/.test(value) && Number(value) < 65536 ? undefined : 'a port from 0 to 65535'),
  },
  host: {
    flag: '--host',
    environment: 'BERTH_HOST',
    placeholder: 'address',
    description: 'address to listen on; anything but loopback opens Berth to the network',
    standard: '127.0.0.1',
    complaint: matches(/^[0-9A-Za-z.:-]+$/, 'an IP address or a host name'),
  },
  data: {
    flag: '--data',
    environment: 'BERTH_DATA',
    placeholder: 'directory',
    description: 'where everything is kept',
    standard: join(homedir(), '.berth'),
    complaint: matches(/./, 'a directory'),
  },
  account: {
    flag: '--account',
    environment: 'BERTH_ACCOUNT',
    placeholder: 'id',
    description: 'the home account, kept from the first start on',
    standard: '123456789012',
    complaint: matches(/^\d{12}$/, 'twelve digits'),
  },
  region: {
    flag: '--region',
    environment: 'BERTH_REGION',
    placeholder: 'name',
    description: 'the home region, kept from the first start on',
    standard: 'us-east-1',
    complaint: (value) => (isRegion(value) ? undefined : 'a region such as us-east-1'),
  },
  vpcCidr: {
    flag: '--vpc-cidr',
    environment: 'BERTH_VPC_CIDR',
    placeholder: 'cidr',
    description: 'address range of the first default VPC, a /16 that the machine does not use otherwise',
    standard: '172.31.0.0/16',
    complaint: matches(/^(10\.\d{1,3}|172\.(1[6-9]|2\d|3[01])|192\.168)\.0\.0\/16$/, 'a private /16'),
  },
  logLevel: {
    flag: '--log-level',
    environment: 'BERTH_LOG_LEVEL',
    placeholder: 'level',
    description: 'debug, info, warn or error',
    standard: 'info',
    complaint: (value) => (levels.some((level) => level === value) ? undefined : levels.join(', ')),
  },
  hostnames: {
    flag: '--hostnames',
    environment: 'BERTH_HOSTNAMES',
    placeholder: 'names',
    description: 'further host names, comma-separated, by which clients may address Berth',
    standard: '',
    complaint: matches(/^[0-9A-Za-z.,-]*$/, 'host names separated by commas'),
  },
  awsHostnames: {
    flag: '--aws-hostnames',
    environment: 'BERTH_AWS_HOSTNAMES',
    placeholder: 'folder',
    description: `where script/setup --aws-hostnames put its certificate, or ${withoutAwsHostnames}`,
    standard: '/etc/berth/aws-hostnames',
    complaint: (value) =>
      value === withoutAwsHostnames || isAbsolute(value) ? undefined : `an absolute path, or ${withoutAwsHostnames}`,
  },
} satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

/** Text values by setting; what is absent takes the standard value. */
export type SettingValues = Readonly<Partial<Record<SettingName, string>>>;

/** Flags win over the environment, the environment over the standard. Throws Error naming a bad value and its flag. */
export function createConfig(flags: SettingValues, environment: NodeJS.ProcessEnv): Config {
  const chosenValue = (name: SettingName): string | undefined => {
    const setting: Setting = settings[name];
    const chosen = flags[name] ?? environment[setting.environment];
    if (chosen === undefined) return undefined;
    const complaint = setting.complaint(chosen);
    if (complaint)
      throw new Error(`${setting.flag} (${setting.environment}) must be ${complaint}; got ${chosen || '""'}`);
    return chosen;
  };
  const value = (name: SettingName): string => chosenValue(name) ?? settings[name].standard;
  return {
    port: Number(value('port')),
    host: value('host'),
    data: resolve(value('data')),
    account: chosenValue('account'),
    region: chosenValue('region'),
    vpcCidr: chosenValue('vpcCidr'),
    logLevel: levels.find((level) => level === value('logLevel'))!,
    hostnames: value('hostnames').split(',').filter(Boolean),
    awsHostnames: value('awsHostnames'),
    rootKeys: chosenRootKeys(environment),
  };
}

function chosenRootKeys(environment: NodeJS.ProcessEnv): Config['rootKeys'] {
  const accessKeyId = environment.BERTH_ROOT_ACCESS_KEY_ID;
  const secretAccessKey = environment.BERTH_ROOT_SECRET_ACCESS_KEY;
  if (!accessKeyId && !secretAccessKey) return undefined;
  if (!accessKeyId || !secretAccessKey) {
    throw new Error('BERTH_ROOT_ACCESS_KEY_ID and BERTH_ROOT_SECRET_ACCESS_KEY must be set together');
  }
  if (!/^\w{16,128}$/.test(accessKeyId)) {
    throw new Error('BERTH_ROOT_ACCESS_KEY_ID must be 16 to 128 letters, digits or underscores');
  }
  return { accessKeyId, secretAccessKey };
}

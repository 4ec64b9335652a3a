// What ec2 keeps: the parts of a VPC. Everything is written by ec2's own handlers and ports.
import { scopedKey, type Scope } from '#kernel/arn.ts';
import type { Kind } from '#kernel/store.ts';

export interface VpcSpec extends Scope {
  readonly vpcId: string;
  /** CIDR; unique among all VPCs of this installation, since each is a bridge on the same machine. */
  readonly cidrBlock: string;
  readonly isDefault: boolean;
}

export interface SubnetSpec extends Scope {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly availabilityZone: string;
  readonly isDefault: boolean;
}

/** Where address allocation stands: addresses are given out in turn, so that a freed one rests before it returns. */
export interface SubnetStatus {
  /** The address given out last. */
  readonly lastAddress?: string;
}

export interface SecurityGroupSpec extends Scope {
  readonly groupId: string;
  readonly groupName: string;
  readonly description: string;
  readonly vpcId: string;
}

export interface NetworkInterfaceSpec extends Scope {
  readonly networkInterfaceId: string;
  readonly subnetId: string;
  readonly vpcId: string;
  readonly availabilityZone: string;
  readonly description: string;
  readonly privateIpAddress: string;
  readonly privateDnsName: string;
  readonly macAddress: string;
  readonly securityGroupIds: readonly string[];
}

/** A kind without an observed part. */
type Plain = Readonly<Record<string, never>>;
export const nothingObserved: Plain = {};

export const vpcKind: Kind<VpcSpec, Plain> = { name: 'ec2/vpc', version: 1 };

export const subnetKind: Kind<SubnetSpec, SubnetStatus> = { name: 'ec2/subnet', version: 1 };

export const securityGroupKind: Kind<SecurityGroupSpec, Plain> = {
  name: 'ec2/security-group',
  version: 1,
  indexes: { vpc: (group) => group.spec.vpcId },
};

export const networkInterfaceKind: Kind<NetworkInterfaceSpec, Plain> = {
  name: 'ec2/network-interface',
  version: 1,
  indexes: { subnet: (networkInterface) => networkInterface.spec.subnetId },
};

/** The kinds of this service. */
export const ec2Kinds = [vpcKind, subnetKind, securityGroupKind, networkInterfaceKind];

/** The store key of any of them: its scope and its id. */
export function ec2Key(scope: Scope, id: string): string {
  return scopedKey(scope, id);
}

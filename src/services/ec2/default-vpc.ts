// The default VPC that every account has in every region: a subnet per zone and the default security group.
// https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
import type { Scope } from '#kernel/arn.ts';
import { resourceId } from '#kernel/id.ts';
import type { Random } from '#kernel/random.ts';
import type { Tx } from '#kernel/store.ts';
import { overlaps, subBlock } from './addresses.ts';
import { noRoomForVpc } from './errors.ts';
import { ec2Key, nothingObserved, securityGroupKind, subnetKind, vpcKind } from './kinds.ts';
import { zonesOf } from './zones.ts';

/** Makes a scope's default VPC where it does not exist yet. */
export type EnsureDefaultVpc = (tx: Tx, scope: Scope) => void;

/**
 * AWS gives every default VPC 172.31.0.0/16. Here all VPCs are bridges of one machine, so the first one gets
 * `firstCidr` and each further one a /16 of its own.
 */
export function createDefaultVpcs(firstCidr: string, random: Random): EnsureDefaultVpc {
  return (tx, scope) => {
    if (tx.list(vpcKind, ec2Key(scope, '')).length > 0) return;
    const taken = tx.list(vpcKind).map((vpc) => vpc.spec.cidrBlock);
    const cidrBlock = candidates(firstCidr).find((candidate) => !taken.some((other) => overlaps(candidate, other)));
    if (!cidrBlock) throw noRoomForVpc(scope.account, scope.region);
    const vpcId = resourceId('vpc', random);
    tx.put(vpcKind, ec2Key(scope, vpcId), {
      spec: { ...pick(scope), vpcId, cidrBlock, isDefault: true },
      status: nothingObserved,
    });
    addSubnets(tx, scope, { vpcId, cidrBlock }, random);
    addDefaultGroup(tx, scope, vpcId, random);
  };
}

function addSubnets(tx: Tx, scope: Scope, vpc: { vpcId: string; cidrBlock: string }, random: Random): void {
  for (const [index, zone] of zonesOf(scope.region).entries()) {
    const subnetId = resourceId('subnet', random);
    const cidrBlock = subBlock(vpc.cidrBlock, 20, index);
    tx.put(subnetKind, ec2Key(scope, subnetId), {
      spec: {
        ...pick(scope),
        subnetId,
        vpcId: vpc.vpcId,
        cidrBlock,
        availabilityZone: zone.name,
        isDefault: true,
      },
      status: {},
    });
  }
}

function addDefaultGroup(tx: Tx, scope: Scope, vpcId: string, random: Random): void {
  const groupId = resourceId('sg', random);
  const spec = {
    ...pick(scope),
    groupId,
    groupName: 'default',
    description: 'default VPC security group',
    vpcId,
  };
  tx.put(securityGroupKind, ec2Key(scope, groupId), { spec, status: nothingObserved });
}

function pick(scope: Scope): Scope {
  return { account: scope.account, region: scope.region };
}

/** 172.17 is left out: Docker's own default bridge lives there. */
function candidates(firstCidr: string): string[] {
  const under172 = [31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18].map((second) => `172.${second}.0.0/16`);
  const under10 = Array.from({ length: 100 }, (_, index) => `10.${255 - index}.0.0/16`);
  return [firstCidr, ...under172, ...under10];
}

// The API's operations on replication.
import type { Operations } from '#aws/service.ts';
import { repositoryIn, requireImage } from '#services/ecr/image-records.ts';
import { replicationKind } from './kinds.ts';
import { changeRegistry, registryIn } from '#services/ecr/registry-record.ts';
import { addressed, addressedArn, scopeOf } from '#services/ecr/registry-scope.ts';
import { describeDestination, describeReplicationRules, readReplicationRules } from './replication-rules.ts';
import { stateOf } from './replications.ts';

export const replicationOperations: Operations<'ecr'> = {
  PutReplicationConfiguration: {
    accepts: true,
    run(input, tx, context) {
      const scope = scopeOf(context);
      const asked = readReplicationRules(input.replicationConfiguration, scope);
      const { replicationRules } = changeRegistry(tx, scope, (before) => ({ ...before, replicationRules: asked }));
      return { replicationConfiguration: { rules: describeReplicationRules(replicationRules) } };
    },
  },
  DescribeRegistry: {
    accepts: true,
    read(_input, reader, context) {
      const { replicationRules } = registryIn(reader, scopeOf(context));
      return {
        registryId: context.account,
        replicationConfiguration: { rules: describeReplicationRules(replicationRules) },
      };
    },
  },
  DescribeImageReplicationStatus: {
    accepts: true,
    resource: addressedArn,
    read(input, reader, context) {
      const name = addressed(input, context);
      const { imageDigest, imageTag } = input.imageId ?? {};
      const image = requireImage(reader, repositoryIn(reader, name), { imageDigest, imageTag });
      return {
        repositoryName: name.repositoryName,
        imageId: { imageDigest: image.spec.digest, ...(imageTag === undefined ? {} : { imageTag }) },
        replicationStatuses: reader.by(replicationKind, 'image', image.key).map((replication) => {
          const status = stateOf(replication);
          const { failureCode } = replication.status;
          return {
            ...describeDestination(replication.spec.destination),
            status,
            ...(status === 'FAILED' ? { failureCode } : {}),
          };
        }),
      };
    },
  },
};

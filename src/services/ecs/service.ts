// The ecs service: its operations, its loops, and its end of the talk with the node.
import type { Scope } from '#kernel/arn.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Random } from '#kernel/random.ts';
import type { Reconciler } from '#kernel/reconciler.ts';
import type { Store } from '#kernel/store.ts';
import { defineService, type Service } from '#aws/service.ts';
import type { AgentSession, ControlPlane } from '#node/messages.ts';
import type { NetworkInterfaces } from '#services/ec2/ports.ts';
import type { Images } from '#services/ecr/ports.ts';
import { accountSettingOperations } from './account-settings.ts';
import { AgentLink, localAgent } from './agent-link.ts';
import { containerInstanceArn } from './arns.ts';
import { createAgentReconciler } from './agent-reconciler.ts';
import { createClusterReconciler } from './cluster-reconciler.ts';
import { capacityProviderOperations } from './capacity-providers.ts';
import { clusterOperations } from './clusters.ts';
import { createControlPlane } from './control-plane.ts';
import { runTaskOperation } from './run-task.ts';
import { taggingOperations } from './tagging.ts';
import { taskDefinitionOperations } from './task-definitions.ts';
import { createTaskReconciler } from './task-reconciler.ts';
import { taskOperations } from './tasks.ts';
import { stopAllTasks } from './stop-all-tasks.ts';
import type { Architecture } from './validate-task-definition.ts';

const oneDay = 86_400_000;

export interface EcsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly images: Pick<Images, 'resolve' | 'digest'>;
  readonly networkInterfaces: NetworkInterfaces;
  /** The account and region that the machine's container instance is named in. */
  readonly home: Scope;
  readonly architecture: Architecture;
  /** Milliseconds that stopped tasks and INACTIVE clusters can be described; a day when absent. */
  readonly keepStopped?: number;
}

export interface Ecs {
  readonly service: Service;
  readonly reconcilers: readonly Reconciler[];
  /** The name of the node that `attach` begins to talk with: it takes no message for another. */
  readonly containerInstanceArn: string;
  /** What the node calls. */
  readonly controlPlane: ControlPlane;
  /**
   * Begins the talk with the node: it is told of every task that has not stopped, then which tasks it should have at
   * all. Resolves once that is certain to happen; what the node does not take is sent again.
   */
  attach(session: AgentSession): Promise<void>;
  /** Stops every task, of all accounts, and resolves once all have stopped: needs a node at work. */
  stopAllTasks(reason: string): Promise<void>;
}

/** Makes the service. Its kinds are `ecsKinds`. */
export function createEcs(options: EcsOptions): Ecs {
  const { store, clock, architecture, keepStopped = oneDay } = options;
  const link = new AgentLink(options);
  return {
    service: defineService('ecs', {
      ...clusterOperations,
      ...capacityProviderOperations,
      ...taskDefinitionOperations(architecture),
      RunTask: runTaskOperation(options),
      ...taskOperations(architecture),
      ...taggingOperations,
      ...accountSettingOperations,
    }),
    reconcilers: [
      createTaskReconciler({ ...options, link, keepStopped }),
      createAgentReconciler(link),
      createClusterReconciler(store, clock, keepStopped),
    ],
    containerInstanceArn: containerInstanceArn(options.home, localAgent),
    controlPlane: createControlPlane({ ...options, link }),
    attach: (session) => link.attach(session),
    stopAllTasks: (reason) => stopAllTasks(store, clock, reason),
  };
}

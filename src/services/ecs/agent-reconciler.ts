// The loop of the talk with a node: whenever it is wanted, the node is told anew which tasks it should have.
import type { Reconciler } from '#kernel/reconciler.ts';
import type { Change, Resource } from '#kernel/store.ts';
import { localAgent, type AgentLink } from './agent-link.ts';
import { agentKind, type AgentStatus } from './kinds.ts';

export function createAgentReconciler(link: Pick<AgentLink, 'sendManifest'>): Reconciler {
  return {
    name: 'ecs/agent',
    watches: [agentKind.name],
    concerns: (change) => (wants(change.after) === wants(change.before) ? [] : [change.key]),
    all: () => [localAgent],
    reconcile: () => link.sendManifest(),
  };
}

function wants(agent: Change['after']): number | undefined {
  return (agent as Resource<unknown, AgentStatus> | undefined)?.status.manifestsWanted;
}

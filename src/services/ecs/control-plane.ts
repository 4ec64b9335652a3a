// What nodes call: a report of what was observed becomes part of its task, in one transaction.
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Store } from '#kernel/store.ts';
import type { ControlPlane } from '#node/messages.ts';
import type { AgentLink } from './agent-link.ts';
import { applyReport } from './apply-report.ts';
import { parseTaskArn } from './arns.ts';
import { taskKey, taskKind } from './kinds.ts';

export interface ControlPlaneOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly link: Pick<AgentLink, 'wantManifest'>;
}

export function createControlPlane({ store, clock, log, link }: ControlPlaneOptions): ControlPlane {
  return {
    async submitTaskStateChange(report) {
      const arn = parseTaskArn(report.task);
      const known = await store.write((tx) => {
        const task = arn && tx.get(taskKind, taskKey(arn, arn.cluster, arn.id));
        if (task === undefined) return false;
        const status = applyReport(task.spec, task.status, report, clock.now().getTime());
        if (status !== task.status) tx.setStatus(taskKind, task.key, status);
        return true;
      });
      if (known) return;
      // Long forgotten, or of another installation: the manifest tells the node what it should not have.
      log.warn('a node speaks of a task that does not exist', { task: report.task, status: report.status });
      if (report.status !== 'STOPPED') await link.wantManifest();
    },
  };
}

// The overrides of RunTask: checked against the task definition and laid over it. Pure.
import { invalidParameter, noFargateConfiguration } from './errors.ts';
import { isFargateSize } from './fargate.ts';
import type { ContainerSpec, TaskDefinitionSpec } from './kinds.ts';
import type { ContainerOverride, TaskOverride } from './shapes.ts';
import { checkedStorage, parseCpu, parseMemory } from './validate-task-definition.ts';

const longestOverrides = 8192;

export interface Overridden {
  /** CPU units, digits only. */
  readonly cpu: string;
  /** MiB, digits only. */
  readonly memory: string;
  /** GiB; 20 when absent. */
  readonly ephemeralStorage?: number;
  /** As DescribeTasks shows them: an entry for each container. */
  readonly overrides: TaskOverride;
  readonly containers: readonly Omit<ContainerSpec, 'arn' | 'pinnedDigest'>[];
}

/** Throws InvalidParameterException or ClientException. The definition is one that Fargate can run. */
export function checkedOverrides(definition: TaskDefinitionSpec, asked: TaskOverride = {}): Overridden {
  const cpu = parseCpu(asked.cpu) ?? Number(definition.cpu);
  const memory = parseMemory(asked.memory) ?? Number(definition.memory);
  if (!isFargateSize(cpu, memory)) throw noFargateConfiguration(cpu, memory);
  const byName = checkedContainerOverrides(definition, asked.containerOverrides ?? []);
  const containers = definition.containerDefinitions.map((container) => {
    const override = byName.get(container.name!) ?? {};
    return {
      name: container.name!,
      image: container.image!,
      cpu: override.cpu ?? container.cpu ?? 0,
      memory: override.memory ?? container.memory,
      memoryReservation: override.memoryReservation ?? container.memoryReservation,
      essential: container.essential === false ? (false as const) : undefined,
    };
  });
  checkSizes(containers, cpu, memory);
  const containerOverrides = definition.containerDefinitions.map(({ name }) => byName.get(name!) ?? { name });
  const ephemeralStorage = checkedStorage(asked.ephemeralStorage?.sizeInGiB) ?? definition.ephemeralStorage;
  const size = {
    cpu: asked.cpu && String(cpu),
    memory: asked.memory && String(memory),
    ephemeralStorage: asked.ephemeralStorage,
  };
  const overrides = { containerOverrides, ...size };
  return { cpu: String(cpu), memory: String(memory), ephemeralStorage, overrides, containers };
}

function checkedContainerOverrides(
  { containerDefinitions }: TaskDefinitionSpec,
  asked: readonly ContainerOverride[],
): Map<string, ContainerOverride> {
  if (JSON.stringify(asked).length > longestOverrides) {
    throw invalidParameter(`Container Overrides length must be at most ${longestOverrides}`);
  }
  const byName = new Map<string, ContainerOverride>();
  for (const override of asked) {
    const { name = '' } = override;
    if (!containerDefinitions.some((container) => container.name === name)) {
      throw invalidParameter(`Override for container named ${name} is not a container in the TaskDefinition.`);
    }
    if (byName.has(name)) throw invalidParameter(`Duplicate override for container named ${name}.`);
    for (const variable of override.environment ?? []) {
      if (!variable.name || /[=\0]/.test(variable.name) || variable.value?.includes('\0')) {
        throw invalidParameter(
          `Override for container named ${name} has an invalid environment variable name or value.`,
        );
      }
    }
    byName.set(name, override);
  }
  return byName;
}

function checkSizes(
  containers: readonly Omit<ContainerSpec, 'arn' | 'pinnedDigest'>[],
  cpu: number,
  memory: number,
): void {
  for (const { name, memory: hard, memoryReservation: soft } of containers) {
    if ((hard ?? 0) > memory) {
      throw invalidParameter(`The 'memory' setting for container '${name}' is greater than for the task.`);
    }
    if (hard !== undefined && soft !== undefined && hard < soft) {
      throw invalidParameter(
        `Invalid setting for container '${name}'. 'memory' must be greater than or equal to 'memoryReservation'.`,
      );
    }
  }
  if (containers.reduce((sum, each) => sum + each.cpu, 0) > cpu) {
    throw invalidParameter("The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.");
  }
  if (containers.reduce((sum, each) => sum + (each.memoryReservation ?? each.memory ?? 0), 0) > memory) {
    throw invalidParameter(
      "The sum of all container 'memory' values cannot be greater than the value of the task 'memory'.",
    );
  }
}

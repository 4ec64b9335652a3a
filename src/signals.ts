// How a running Berth is told to stop.

/** Stop the control plane; tasks run on. */
export const stopSignal = 'SIGTERM';

/** Stop every task, then the control plane. Only the same user and root can send it. */
export const stopTasksSignal = 'SIGUSR2';

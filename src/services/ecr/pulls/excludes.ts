// Whether a pull time exclusion is about a caller. Pure.

/**
 * `exclusion`: the ARN of a user or role. `caller`: a principal's own ARN, which for a role that was assumed names the
 * role without its path: `arn:aws:sts::<account>:assumed-role/<role>/<session>`.
 */
export function excludes(exclusion: string, caller: string): boolean {
  if (exclusion === caller) return true;
  const [, account, role] = /^arn:aws[a-z-]*:sts::(\d{12}):assumed-role\/([^/]+)\//.exec(caller) ?? [];
  const [, owner, path] = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(.+)$/.exec(exclusion) ?? [];
  return role !== undefined && account === owner && path?.split('/').at(-1) === role;
}

/** What a token of the HTTP API may allow. */
export const ACTIONS = [
  'read',
  'deploy',
  'rollback',
  'scale',
  'control',
  'services',
  'backup',
  'job',
  'freeze',
  'cancel',
  'decide',
] as const;
export type Action = (typeof ACTIONS)[number];

/** Words for the actions that go together. */
export const TOKEN_ROLES = ['viewer', 'deployer', 'operator', 'approver'] as const;
export type TokenRole = (typeof TOKEN_ROLES)[number];

const ROLE_ACTIONS: Readonly<Record<TokenRole, readonly Action[]>> = {
  viewer: ['read'],
  deployer: ['read', 'deploy', 'rollback', 'control'],
  operator: [
    'read',
    'deploy',
    'rollback',
    'scale',
    'control',
    'services',
    'backup',
    'job',
    'freeze',
    'cancel',
  ],
  approver: ['read', 'decide'],
};

/** All that roles and single actions allow together, in the order of {@link ACTIONS}. */
export function actionsOf(of: {
  readonly roles: readonly TokenRole[];
  readonly actions: readonly Action[];
}): readonly Action[] {
  const all = new Set([...of.roles.flatMap((role) => ROLE_ACTIONS[role]), ...of.actions]);
  return ACTIONS.filter((one) => all.has(one));
}

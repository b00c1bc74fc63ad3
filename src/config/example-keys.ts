/**
 * Keys that stand in the examples and the documentation. Their other halves were thrown away: whoever copies them
 * without putting in their own is warned, since nobody could decrypt or approve.
 */
export const EXAMPLE_AGE_RECIPIENTS: readonly string[] = [
  'age1dnmxzgnqvsw03a5e4l8v37x3nlktlzv6mhqlrrf05rudwr3ve4ts7hhlqf',
  'age163fm39mde9smc3hfpeve6jr9kw6m3dzzdphy86v56fguk66wdpfqfm0qju',
];

export const EXAMPLE_APPROVER_KEYS: readonly string[] = [
  'ed25519:krTkKkNLDQ5l0P_1iJK2DFwbnkB5eWH6nISg8iU4k1c',
  'ed25519:E647ICl-7rdstXNbwlKAXMtvd6PZ4CQXPBZP_npU9uc',
  'ed25519:uTVdVnuC3e_2kuqq9KfZA8wFUA8gsyScs2Adi39azPo',
];

/** pg_dump's parts of a database, in the order they are restored (pg_dump manual, --section). */
export const SECTIONS = ['pre-data', 'data', 'post-data'] as const;
export type Section = (typeof SECTIONS)[number];

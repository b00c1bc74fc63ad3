import { roleUseSchema, type RoleUse } from './detail.js';
import type { Session } from './session.js';

/** First oid of what initdb did not make (src/include/access/transam.h, FirstNormalObjectId). */
const FIRST_NORMAL = 16_384;

/**
 * Which roles this database cannot be loaded without. pg_shdepend knows them (manual, 53.49), but for the bootstrap
 * superuser, whose objects are looked for in the catalogs of what is usual.
 */
export async function roleUse(session: Session): Promise<RoleUse> {
  const member = (classid: string, objid: string): string =>
    `EXISTS (SELECT FROM pg_depend e WHERE e.classid = ${classid} AND e.objid = ${objid} AND e.deptype = 'e')`;
  const catalogs = CATALOGS.map(
    ([catalog, owner, which]) =>
      `SELECT '${catalog}'::regclass AS classid, oid, ${owner} AS owner FROM ${catalog} WHERE ${which}`,
  );
  const inSchemas = IN_SCHEMAS.map(
    ([catalog, owner, schema, which]) =>
      `SELECT '${catalog}'::regclass AS classid, oid, ${owner} AS owner, ${schema} AS schema FROM ${catalog} WHERE ${which}`,
  );
  const found = await session.json(`
    WITH used AS (
      SELECT d.refobjid AS role, d.deptype = 'o' AND d.classid <> 'pg_user_mapping'::regclass AS owns
      FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass
        AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND d.classid <> 'pg_extension'::regclass AND NOT ${member('d.classid', 'd.objid')}
      UNION ALL
      SELECT owner, true FROM (${catalogs.join(' UNION ALL ')}) o
      WHERE owner = 10 AND NOT ${member('o.classid', 'o.oid')})
    SELECT jsonb_build_object(
      'owners', (SELECT coalesce(jsonb_agg(DISTINCT rolname ORDER BY rolname), '[]') FROM pg_roles WHERE oid IN (SELECT role FROM used WHERE owns)),
      'guests', (SELECT coalesce(jsonb_agg(DISTINCT pg_get_userbyid(o.owner)), '[]')
        FROM (${inSchemas.join(' UNION ALL ')}) o JOIN pg_namespace n ON n.oid = o.schema
        WHERE NOT pg_has_role(o.owner, n.nspowner, 'USAGE') AND NOT ${member('o.classid', 'o.oid')}
          AND NOT (n.nspname = 'public' AND current_setting('server_version_num')::int < 150000)),
      'others', (SELECT coalesce(jsonb_agg(DISTINCT rolname ORDER BY rolname), '[]') FROM pg_roles
        WHERE oid IN (SELECT role FROM used) AND oid NOT IN (SELECT role FROM used WHERE owns)),
      'regranted', (SELECT coalesce(jsonb_agg(DISTINCT label ORDER BY label), '[]') FROM (
        SELECT format('%I.%I', n.nspname, c.relname) AS label FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
          aclexplode(c.relacl) a WHERE a.grantor <> c.relowner AND c.oid >= ${FIRST_NORMAL} AND NOT ${member(`'pg_class'::regclass`, 'c.oid')}
        UNION ALL
        SELECT format('%I', n.nspname) FROM pg_namespace n, aclexplode(n.nspacl) a
        WHERE a.grantor <> n.nspowner AND n.oid >= ${FIRST_NORMAL}) r),
      'superuserOnly', (SELECT coalesce(jsonb_agg(what ORDER BY what), '[]') FROM (
        SELECT format('event trigger %s', evtname) AS what FROM pg_event_trigger o WHERE NOT ${member(`'pg_event_trigger'::regclass`, 'o.oid')}
        UNION ALL SELECT format('publication %s for all tables', pubname) FROM pg_publication WHERE puballtables
        UNION ALL SELECT format('foreign-data wrapper %s', fdwname) FROM pg_foreign_data_wrapper o
        WHERE NOT ${member(`'pg_foreign_data_wrapper'::regclass`, 'o.oid')}) s))`);
  return roleUseSchema.parse(found);
}

const NORMAL = `oid >= ${FIRST_NORMAL}`;

const RELATIONS = `${NORMAL} AND relpersistence <> 't' AND relkind IN ('r', 'p', 'S', 'v', 'm', 'f')`;

/** What of these lies in schemas, and the column that says in which. */
const IN_SCHEMAS = [
  ['pg_class', 'relowner', 'relnamespace', RELATIONS],
  ['pg_proc', 'proowner', 'pronamespace', NORMAL],
  ['pg_type', 'typowner', 'typnamespace', `${NORMAL} AND typtype IN ('d', 'e', 'r')`],
] as const;

/** Catalog, its column of the owner, and which rows count. A large object may have any number. */
const CATALOGS = [
  ['pg_class', 'relowner', RELATIONS],
  ['pg_proc', 'proowner', NORMAL],
  ['pg_namespace', 'nspowner', `${NORMAL} AND nspname !~ '^pg_'`],
  ['pg_publication', 'pubowner', NORMAL],
  ['pg_event_trigger', 'evtowner', NORMAL],
  ['pg_foreign_data_wrapper', 'fdwowner', NORMAL],
  ['pg_foreign_server', 'srvowner', NORMAL],
  ['pg_language', 'lanowner', NORMAL],
  ['pg_largeobject_metadata', 'lomowner', 'true'],
] as const;

-- The account of role `backup`: it reads everything and changes nothing. Run by a superuser, in the store's database:
--   psql -v ON_ERROR_STOP=1 -v password="$(cat reader.password)" -d DATABASE -f reader.sql
CREATE ROLE steady_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
GRANT pg_read_all_data TO steady_reader;
-- Only where tables have row security policies: they would hide rows from the backup, which pg_dump refuses.
ALTER ROLE steady_reader BYPASSRLS;
-- Large objects are not among what pg_read_all_data reads (PostgreSQL 14 to 18): those that are there now. New ones need
-- the same grant, or ALTER DEFAULT PRIVILEGES (PostgreSQL 18 and newer).
SELECT format('GRANT SELECT ON LARGE OBJECT %s TO steady_reader', oid) FROM pg_largeobject_metadata \gexec

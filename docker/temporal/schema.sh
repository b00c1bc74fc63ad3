#!/bin/sh
# Makes Temporal's two databases on PostgreSQL, or brings them to the schema of this release of Temporal. Safe to run
# again, and after a run that was cut off: what is there stays. SQL_HOST, SQL_USER and SQL_PASSWORD say where.
set -eu
export SQL_PLUGIN=postgres12

prepare() {
  temporal-sql-tool --db "$1" create
  temporal-sql-tool --db "$1" setup-schema -v 0.0
  temporal-sql-tool --db "$1" update-schema --schema-name "postgresql/v12/$2"
}
prepare temporal temporal
prepare temporal_visibility visibility

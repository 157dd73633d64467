#!/bin/sh
# Run by the image of PostgreSQL once, when its volume is empty: the role of the service, which owns
# nothing, so that row-level security holds for it. `fullhouse control grant` lets it at the rows.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v password="$SERVICE_PASSWORD" <<'SQL'
CREATE ROLE fullhouse_service LOGIN PASSWORD :'password';
SQL

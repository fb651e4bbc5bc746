#!/bin/bash
# Run once by the image, on an empty data directory: the services' user, who owns their database and nothing else.
psql -v ON_ERROR_STOP=1 --no-psqlrc -U postgres -d postgres <<SQL
\set password \`cat /run/secrets/postgres_password\`
create role duban login password :'password';
create database duban owner duban;
revoke all on database duban from public;
SQL

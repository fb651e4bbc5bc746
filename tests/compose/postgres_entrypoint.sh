#!/bin/bash
# The stand-in's: of the official image's contract, what docker-compose.yml and the provider docker use, and nothing else.
# On an empty data directory: initdb with the password of POSTGRES_PASSWORD or its file, then the database POSTGRES_DB and
# the scripts of /docker-entrypoint-initdb.d. Started as root it goes on as postgres.
set -euo pipefail

if [ "${1:-}" = postgres ] && [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ "${1:-}" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    export PGUSER=${POSTGRES_USER:-postgres} PGHOST=/var/run/postgresql
    PGPASSWORD=${POSTGRES_PASSWORD:-$(<"$POSTGRES_PASSWORD_FILE")}
    export PGPASSWORD
    mkdir -p "$PGDATA" && chmod 0700 "$PGDATA"
    initdb -D "$PGDATA" -U "$PGUSER" --pwfile=<(echo "$PGPASSWORD") --locale=C.UTF-8 --encoding=UTF8 ${POSTGRES_INITDB_ARGS:-}
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl -D "$PGDATA" -w -o "-c listen_addresses='' -c unix_socket_directories=$PGHOST" start
    [ "${POSTGRES_DB:-postgres}" = postgres ] || psql -d postgres -c "create database \"$POSTGRES_DB\""
    for script in /docker-entrypoint-initdb.d/*.sh; do
        [ -e "$script" ] && . "$script"
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
    unset PGPASSWORD PGUSER PGHOST POSTGRES_PASSWORD
fi
if [ "${1:-}" = postgres ]; then
    shift
    set -- postgres -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql "$@"
fi
exec "$@"

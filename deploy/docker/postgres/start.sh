#!/bin/bash
# Postgres with TLS: it reads its key only from a file that nobody else may read, and a mounted secret is none.
set -euo pipefail

tls=/var/run/postgresql # in memory, and its own
install -m 0600 /run/secrets/postgres_certificate /run/secrets/postgres_key "$tls/"
exec docker-entrypoint.sh postgres \
    -c ssl=on -c ssl_min_protocol_version=TLSv1.2 \
    -c ssl_cert_file="$tls/postgres_certificate" \
    -c ssl_key_file="$tls/postgres_key" \
    -c hba_file=/etc/duban/pg_hba.conf \
    -c max_connections=100 -c shared_buffers=256MB

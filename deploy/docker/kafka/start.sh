#!/bin/bash
# Formats the log directory on the first start, with the users of /run/secrets/kafka_users in it, then runs the broker.
# Needs of the image: bash, and Kafka's own scripts in /opt/kafka/bin.
set -euo pipefail
umask 077

properties=/etc/duban/server.properties
cluster=$(</run/secrets/kafka_cluster)

# "@FILE" makes the tool read its arguments from the file: no password stands in a list of processes.
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id "$cluster" --config "$properties" \
    @/run/secrets/kafka_users
exec /opt/kafka/bin/kafka-server-start.sh "$properties"

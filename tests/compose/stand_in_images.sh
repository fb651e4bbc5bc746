#!/usr/bin/env bash
# Stand-ins for the images that docker-compose.yml names, for machines that cannot pull them. NOT the real images: they
# are made of Debian bookworm and carry the same programs where those can be had (see README.md beside this file), under
# exactly the names and tags that the files use. Needs root, a Docker Engine (DOCKER_HOST), debootstrap, Java, Maven, Go.
#   usage: stand_in_images.sh WORK-DIRECTORY [python|kafka|postgres|prometheus|grafana …]
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mkdir -p "$1" && cd "$1" && pwd)
shift
label="--label duban.stand-in=true"

main() {
    local image
    base
    for image in ${*:-python kafka postgres prometheus grafana}; do
        "${image}_image"
    done
    echo "stand-ins:" && docker images --filter label=duban.stand-in=true --format '  {{.Repository}}:{{.Tag}}  {{.Size}}'
}

tag_of() { # NAME: the tag that docker-compose.yml or the Dockerfile pins
    grep -hoE "(image: |BASE=)$1:[^ ]+" docker-compose.yml deploy/docker/Dockerfile | head -n 1 | sed -E 's/^(image: |BASE=)//'
}

built() { # NAME: is it there already?
    docker image inspect "$1" >/dev/null 2>&1
}

build() { # IMAGE DIRECTORY: on the host's network, as packages come from it
    DOCKER_BUILDKIT=0 docker build -q --network host $label -t "$1" "$2" >/dev/null
    echo "made $1"
}

base() {
    built duban-stand-in/base:bookworm && return
    [ -x "$work/rootfs/bin/bash" ] || debootstrap --variant=minbase --include=ca-certificates,wget bookworm "$work/rootfs" >"$work/debootstrap.log"
    # Whatever certificates this machine needs to reach its packages.
    cp /etc/ssl/certs/ca-certificates.crt "$work/rootfs/etc/ssl/certs/ca-certificates.crt"
    rm -f "$work"/rootfs/var/cache/apt/archives/*.deb
    tar -C "$work/rootfs" -c . | docker import - duban-stand-in/base:bookworm >/dev/null
    echo "made duban-stand-in/base:bookworm"
}

python_image() {
    local image && image=$(tag_of python)
    built "$image" && return
    mkdir -p "$work/python"
    cat >"$work/python/Dockerfile" <<'END'
FROM duban-stand-in/base:bookworm
RUN apt-get update -q && apt-get install -qy --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/* \
 && ln -s /usr/bin/python3 /usr/local/bin/python
END
    build "$image" "$work/python"
}

kafka_image() { # the real broker, from Maven's jars; the two scripts are ours, Kafka's own are not in the jars
    local image version && image=$(tag_of apache/kafka) && version=${image##*:}
    built "$image" && return
    mkdir -p "$work/kafka/bin"
    mvn --batch-mode --quiet --strict-checksums -f deploy/kafka/pom.xml dependency:copy-dependencies \
        -DoutputDirectory="$work/kafka/libs" -DincludeScope=runtime
    [ -e "$work/kafka/libs/kafka_2.13-$version.jar" ] || { echo "deploy/kafka/pom.xml is not $version" >&2; exit 1; }
    local script
    for script in "kafka-storage kafka.tools.StorageTool" "kafka-server-start kafka.Kafka" \
        "kafka-configs kafka.admin.ConfigCommand"; do
        cat >"$work/kafka/bin/${script% *}.sh" <<END
#!/bin/bash
exec java \${KAFKA_HEAP_OPTS:--Xmx256m} \${KAFKA_LOG4J_OPTS:-} -cp '/opt/kafka/libs/*' ${script#* } "\$@"
END
        chmod 755 "$work/kafka/bin/${script% *}.sh"
    done
    cat >"$work/kafka/Dockerfile" <<'END'
FROM duban-stand-in/base:bookworm
RUN mkdir -p /usr/share/man/man1 && apt-get update -q && apt-get install -qy --no-install-recommends openjdk-17-jre-headless && rm -rf /var/lib/apt/lists/*
COPY libs /opt/kafka/libs
COPY bin /opt/kafka/bin
RUN useradd --uid 1000 --create-home appuser && mkdir -p /var/lib/kafka/data && chown -R appuser:root /var/lib/kafka
USER appuser
VOLUME ["/var/lib/kafka/data"]
END
    build "$image" "$work/kafka"
}

postgres_image() { # Debian's server of the same major version, behind an entrypoint that knows what docker-compose.yml uses
    local image major && image=$(tag_of postgres)
    built "$image" && return
    major=$(echo "${image##*:}" | cut -d. -f1)
    mkdir -p "$work/postgres"
    cp tests/compose/postgres_entrypoint.sh "$work/postgres/docker-entrypoint.sh"
    cat >"$work/postgres/Dockerfile" <<END
FROM duban-stand-in/base:bookworm
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql postgres \\
 && sed 's/bookworm/forky/' /etc/apt/sources.list >/etc/apt/sources.list.d/forky.list \\
 && mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf \\
 && apt-get update -q -o Acquire::Check-Valid-Until=false \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends -o Dpkg::Options::=--force-overwrite -t forky postgresql-$major \\
 && rm -rf /var/lib/apt/lists/* && mkdir -p /var/lib/postgresql /docker-entrypoint-initdb.d \\
 && chown -R postgres:postgres /var/lib/postgresql && install -d -o postgres -g postgres -m 3777 /var/run/postgresql
COPY docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV PATH=/usr/lib/postgresql/$major/bin:/usr/local/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/$major/docker
VOLUME ["/var/lib/postgresql"]
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
CMD ["postgres"]
END
    build "$image" "$work/postgres"
}

prometheus_image() { # and Alertmanager; the real programs of the same versions, built from Go's module proxy
    local image module version
    image=$(tag_of prom/prometheus) # v3.13.5 of the program is v0.313.5 of the module
    version=$(echo "${image##*:v}" | awk -F. '{ printf "0.%d%02d.%d", $1, $2, $3 }')
    go_program "$image" github.com/prometheus/prometheus/cmd/prometheus "v$version" /prometheus
    image=$(tag_of prom/alertmanager)
    go_program "$image" github.com/prometheus/alertmanager/cmd/alertmanager "${image##*:}" /alertmanager
}

go_program() { # IMAGE PACKAGE VERSION DATA-DIRECTORY
    local name=${2##*/}
    built "$1" && return
    mkdir -p "$work/$name/go"
    if [ ! -x "$work/$name/$name" ]; then
        (
            cd "$work/$name/go"
            [ -e go.mod ] || go mod init stand-in
            GOFLAGS=-mod=mod go get "$2@$3"
            [ "$name" != alertmanager ] || with_an_empty_page
            GOFLAGS=-mod=mod CGO_ENABLED=0 go build -o "$work/$name/$name" "$2"
        )
    fi
    printf "go\nsource\n" >"$work/$name/.dockerignore"
    cat >"$work/$name/Dockerfile" <<END
FROM duban-stand-in/base:bookworm
COPY $name /bin/$name
RUN mkdir -p $4 && chown nobody:nogroup $4
USER nobody
VOLUME ["$4"]
ENTRYPOINT ["/bin/$name"]
END
    build "$1" "$work/$name"
}

with_an_empty_page() { # Alertmanager's own pages are not in its module, and it does not build without any
    local module=github.com/prometheus/alertmanager source=$work/alertmanager/source
    rm -rf "$source" && cp -r "$(go list -mod=mod -m -f '{{.Dir}}' "$module")" "$source" && chmod -R u+w "$source"
    mkdir -p "$source/ui/app/dist" && echo "a stand-in has no pages" >"$source/ui/app/dist/index.html"
    go mod edit -replace "$module=$source"
}

grafana_image() { # NOT Grafana, which cannot be had without pulling: only answers its health route
    local image && image=$(tag_of grafana/grafana)
    built "$image" && return
    mkdir -p "$work/grafana"
    cp tests/compose/not_grafana.py "$work/grafana/"
    cat >"$work/grafana/Dockerfile" <<END
FROM $(tag_of python)
COPY not_grafana.py /not_grafana.py
RUN mkdir -p /var/lib/grafana && chown 472:0 /var/lib/grafana
USER 472
ENTRYPOINT ["python", "/not_grafana.py"]
END
    build "$image" "$work/grafana"
}

main "$@"

#!/usr/bin/env bash
# A cluster of silo processes with PostgreSQL on this machine: loads data, trains, recommends, measures a little, and stops
# everything it started, also on Ctrl-C.
#
#   deploy/local-cluster.sh [--silos N] [--data FILE] [--postgres STRING] [--keep]
#
#   --silos N          silo processes (default 2)
#   --data FILE        interactions in any format of docs/data.md (default: a made-up file)
#   --postgres STRING  Npgsql connection string of an empty database (default: an own server of the installed PostgreSQL)
#   --keep             leave the cluster running until Ctrl-C; prints how to talk to it
#   --log DIR          keep the silos' output there
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
silos=2 data='' postgres='' keep=0 logs=''
while [ $# -gt 0 ]; do
  case "$1" in
    --silos) silos="$2"; shift 2 ;;
    --data) data="$2"; shift 2 ;;
    --postgres) postgres="$2"; shift 2 ;;
    --log) logs="$2"; shift 2 ;;
    --keep) keep=1; shift ;;
    *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; [ "$1" = --help ] && exit 0; exit 2 ;;
  esac
done

work="$(mktemp -d "${TMPDIR:-/tmp}/recsys-cluster-XXXXXX")"
logs="${logs:-$work}"
mkdir -p "$logs"
pids=()
pg_data=''

# PostgreSQL does not run as root.
as_postgres() { if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }

stop_all() {
  local status=$?
  trap - EXIT INT TERM
  # In the reverse order, each with the time to hand its partitions over.
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    if kill -TERM "${pids[i]}" 2>/dev/null; then
      for ((t = 0; t < 300; t++)); do kill -0 "${pids[i]}" 2>/dev/null || break; sleep 0.1; done
      kill -KILL "${pids[i]}" 2>/dev/null || true
    fi
  done
  if [ -n "$pg_data" ]; then as_postgres "$pg_bin/pg_ctl" -D "$pg_data" -m fast stop >/dev/null || true; fi
  rm -rf "$work"
  exit "$status"
}
trap stop_all EXIT INT TERM

say() { printf '\n== %s\n' "$*" >&2; }

say "building"
for project in Recsys.Silo Recsys.Client; do
  dotnet build "$root/src/$project" -c Release -nologo -v quiet -clp:ErrorsOnly >&2
done
silo_app="$root/src/Recsys.Silo/bin/Release/net10.0/recsys-silo.dll"
client() { dotnet "$root/src/Recsys.Client/bin/Release/net10.0/recsys-client.dll" "$@"; }

if [ -z "$postgres" ]; then
  pg_bin="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)"
  [ -n "$pg_bin" ] || pg_bin="$(dirname "$(command -v initdb)" 2>/dev/null)" || true
  [ -x "$pg_bin/initdb" ] || { echo "PostgreSQL is not installed (apt-get install postgresql): or name one with --postgres" >&2; exit 1; }
  port="${PGPORT:-55433}"
  pg_data="$work/postgres"
  say "PostgreSQL at port $port"
  if [ "$(id -u)" = 0 ]; then chown postgres "$work"; fi
  as_postgres "$pg_bin/initdb" -D "$pg_data" -A trust -U recsys -E UTF8 >/dev/null
  as_postgres "$pg_bin/pg_ctl" -D "$pg_data" -l "$work/postgres.log" -w -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$work" start >/dev/null
  as_postgres "$pg_bin/createdb" -h 127.0.0.1 -p "$port" -U recsys recsys
  postgres="Host=127.0.0.1;Port=$port;Username=recsys;Database=recsys"
fi
export RECSYS_POSTGRES="$postgres" RECSYS_CLUSTER=local

start_silo() { # N
  local n="$1"
  # An own name in the process list, its pid for stopping it.
  dotnet "$silo_app" --create-schema --address 127.0.0.1 --silo-port $((11111 + n)) --gateway-port $((30000 + n)) \
    --urls "http://127.0.0.1:$((5080 + n))" --cache "$work/cache-$n" --drain-seconds 1 >"$logs/silo-$n.log" 2>&1 &
  pids+=("$!")
}

wait_ready() { # N
  for ((t = 0; t < 600; t++)); do
    curl -sf -m 2 "http://127.0.0.1:$((5080 + $1))/health/ready" >/dev/null && return
    kill -0 "${pids[$1]}" 2>/dev/null || { cat "$logs/silo-$1.log" >&2; exit 1; }
    sleep 0.1
  done
  echo "silo $1 is not ready" >&2
  cat "$logs/silo-$1.log" >&2
  exit 1
}

say "$silos silos"
for ((n = 0; n < silos; n++)); do start_silo "$n"; done
for ((n = 0; n < silos; n++)); do wait_ready "$n"; done

if [ -z "$data" ]; then
  # 2000 users of ten tastes, 600 items.
  data="$work/made-up.tsv"
  awk 'BEGIN { srand(42); for (u = 0; u < 2000; u++) { t = u % 10; for (e = 0; e < 30; e++) {
    i = rand() < 0.8 ? t * 60 + int(60 * rand() ^ 2) : int(600 * rand()); print "user-" u "\titem-" i } } }' >"$data"
fi

say "loading $data"
client ingest "$data" --binary
say "again: nothing changes"
client ingest "$data" --binary
say "training"
client train --model als --factors 64 --iterations 10
client train --model ease
say "status"
client status
user="$(head -n 2 "$data" | tail -n 1 | awk '{ print $1 }')"
say "recommendations for $user"
client recommend "$user" -n 5 --model ease --explain
curl -sf "http://127.0.0.1:5080/api/v1/users/$user/recommendations?n=3"
echo
say "load"
client load-test --rate 500 --seconds 5 --model als

if [ "$keep" = 1 ]; then
  say "running: page at http://127.0.0.1:5080/, silos' output in $logs; in another terminal:"
  echo "  export RECSYS_CLUSTER=local RECSYS_POSTGRES='$postgres'"
  echo "  silo pids: ${pids[*]}"
  while sleep 1; do :; done
fi

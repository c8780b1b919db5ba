# Functions to run a cluster of silo processes with PostgreSQL on this machine; sourced by local-cluster.sh and tests/*.sh.
# Everything that is started is stopped by its pid when the script ends, also on Ctrl-C.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
work="$(mktemp -d "${TMPDIR:-/tmp}/recsys-cluster-XXXXXX")"
logs="$work"
declare -A pids=()
helpers=()
offset="${RECSYS_PORT_OFFSET:-0}" # added to every port, where another cluster runs on this machine
pg_data='' pg_bin=''

# Several silos share this machine: a garbage collected heap for each processor of each would be too many.
export DOTNET_gcServer=0 RECSYS_CLUSTER=local

say() { printf '\n== %s\n' "$*" >&2; }

# PostgreSQL does not run as root.
as_postgres() { if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }

stop_silo() { # N [SIGNAL]: TERM lets it hand its partitions over
  local pid="${pids[$1]:-}" t
  [ -n "$pid" ] || return 0
  if kill "-${2:-TERM}" "$pid" 2>/dev/null; then
    for ((t = 0; t < 700; t++)); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
  fi
  wait "$pid" 2>/dev/null || true
  unset "pids[$1]"
}

stop_all() {
  local status=$? n
  trap - EXIT INT TERM
  for pid in "${helpers[@]}"; do kill "$pid" 2>/dev/null || true; done
  for n in "${!pids[@]}"; do stop_silo "$n"; done
  if [ -n "$pg_data" ]; then as_postgres "$pg_bin/pg_ctl" -D "$pg_data" -m fast stop >/dev/null || true; fi
  rm -rf "$work"
  exit "$status"
}
trap stop_all EXIT INT TERM

build() {
  say "building"
  local project
  for project in Recsys.Silo Recsys.Client; do
    dotnet build "$root/src/$project" -c Release -nologo -v quiet -clp:ErrorsOnly >&2
  done
}

client() { dotnet "$root/src/Recsys.Client/bin/Release/net10.0/recsys-client.dll" "$@"; }

# Uses the connection string given, or starts the installed PostgreSQL in a directory of its own.
start_postgres() { # [STRING]
  export RECSYS_POSTGRES="${1:-}"
  [ -z "$RECSYS_POSTGRES" ] || return 0
  pg_bin="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)"
  [ -n "$pg_bin" ] || pg_bin="$(dirname "$(command -v initdb || echo /none)")"
  [ -x "$pg_bin/initdb" ] || { echo "PostgreSQL is not installed (apt-get install postgresql): or name one with --postgres" >&2; exit 1; }
  local port="$((55433 + offset))"
  pg_data="$work/postgres"
  say "PostgreSQL at port $port"
  if [ "$(id -u)" = 0 ]; then chown postgres "$work"; fi
  as_postgres "$pg_bin/initdb" -D "$pg_data" -A trust -U recsys -E UTF8 >/dev/null
  as_postgres "$pg_bin/pg_ctl" -D "$pg_data" -l "$work/postgres.log" -w -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$work" start >/dev/null
  as_postgres "$pg_bin/createdb" -h 127.0.0.1 -p "$port" -U recsys recsys
  export RECSYS_POSTGRES="Host=127.0.0.1;Port=$port;Username=recsys;Database=recsys"
}

url() { echo "http://127.0.0.1:$((5080 + offset + $1))"; } # N

start_silo() { # N [OPTION…]
  local n="$1"
  shift
  dotnet "$root/src/Recsys.Silo/bin/Release/net10.0/recsys-silo.dll" --create-schema --address 127.0.0.1 --silo-port $((11111 + offset + n)) \
    --gateway-port $((30000 + offset + n)) --urls "$(url "$n")" --cache "$work/cache-$n" "$@" >>"$logs/silo-$n.log" 2>&1 &
  pids[$n]=$!
}

wait_ready() { # N
  local t
  for ((t = 0; t < 1200; t++)); do
    kill -0 "${pids[$1]}" 2>/dev/null || break
    curl -sf -m 2 "$(url "$1")/health/ready" >/dev/null && return
    sleep 0.1
  done
  echo "silo $1 is not ready" >&2
  cat "$logs/silo-$1.log" >&2
  exit 1
}

start_silos() { # COUNT [OPTION…]
  local count="$1" n
  shift
  say "$count silos"
  for ((n = 0; n < count; n++)); do start_silo "$n" "$@"; done
  for ((n = 0; n < count; n++)); do wait_ready "$n"; done
}

# Processor seconds of all silos so far.
silo_cpu() {
  local n total=0
  for n in "${!pids[@]}"; do
    total=$((total + $(sed 's/.*) //' "/proc/${pids[$n]}/stat" | awk '{ print $12 + $13 }')))
  done
  awk "BEGIN { print $total / $(getconf CLK_TCK) }"
}

# Resident megabytes of silo N.
silo_memory() { awk '/VmRSS/ { print int($2 / 1024) }' "/proc/${pids[$1]}/status"; }

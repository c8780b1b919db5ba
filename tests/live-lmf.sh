#!/usr/bin/env bash
# The live model lmf on silo processes: events a second through the event partitions without it and with it, processor seconds of
# the silos for them; recommendations from it, one call at a time and as many as are answered; and how long the first click on a new
# item takes until every silo's copy of the items has it.
#
#   tests/live-lmf.sh FILE [--silos N] [--factors K] [--seconds S]
set -euo pipefail
[ $# -gt 0 ] && [ -f "$1" ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
data="$(realpath "$1")" silos=2 factors=64 seconds=10
shift
while [ $# -gt 0 ]; do
  case "$1" in
    --silos) silos="$2"; shift 2 ;;
    --factors) factors="$2"; shift 2 ;;
    --seconds) seconds="$2"; shift 2 ;;
    *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done

. "$(dirname "${BASH_SOURCE[0]}")/../deploy/cluster-lib.sh"
build
start_postgres "${RECSYS_TEST_POSTGRES:-}"
cut -f 1 "$data" | sort -u | shuf -n 1000 --random-source=<(yes) >"$work/users"
for lmf in 0 "$factors"; do
  export RECSYS_CLUSTER="live-$lmf"
  as_postgres "$pg_bin/createdb" -h 127.0.0.1 -p "$((55433 + offset))" -U recsys "live$lmf"
  export RECSYS_POSTGRES="Host=127.0.0.1;Port=$((55433 + offset));Username=recsys;Database=live$lmf"
  start_silos "$silos" --live-lmf "$lmf"
  sleep 15 # until every silo has its share of the partitions
  before="$(silo_cpu)"
  say "live lmf of $lmf factors"
  client ingest "$data" 2>&1 | tail -n 1
  echo "processor seconds of the silos: $(awk "BEGIN { printf \"%.1f\", $(silo_cpu) - $before }")"
  before="$(silo_cpu)"
  sleep 5
  echo "at rest, of 5 s: $(awk "BEGIN { printf \"%.1f\", $(silo_cpu) - $before }")"
  if [ "$lmf" != 0 ]; then
    client load-test --model lmf --users "$work/users" --callers 1 --seconds "$seconds"
    client load-test --model lmf --users "$work/users" --callers 16 --seconds "$seconds"
    for ((i = 0; i < 20; i++)); do
      curl -sf -X POST -H 'Content-Type: application/json' -d "{\"user\":\"visitor-$i\",\"item\":\"new-$i\",\"kind\":\"click\"}" "$(url 0)/api/v1/events" >/dev/null
      began="$(date +%s%N)"
      for ((n = 0; n < silos; n++)); do
        until curl -sf "$(url "$n")/api/v1/items/new-$i/similar?model=lmf&n=1" >/dev/null; do sleep 0.02; done
      done
      echo "$((($(date +%s%N) - began) / 1000000))"
      sleep 0.$((RANDOM % 10))
    done | sort -n | awk '{ t[NR] = $1 } END { print "a new item is known everywhere after " t[int(NR / 2)] " ms (median), " t[NR] " ms (most)" }'
  fi
  echo "memory of a silo: $(silo_memory 0) MB"
  for ((n = 0; n < silos; n++)); do stop_silo "$n"; done
done

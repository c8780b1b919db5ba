#!/usr/bin/env bash
# Recommendations from silo processes to a client process, for ALS with 128 factors and EASE, each in every silo: calls a second of 1 and of 16
# callers that wait (closed loop); the largest rate that is sustained, for half a minute, when calls come whether or not earlier ones are
# answered (open loop); and latency at half and a quarter of that, in three rounds each of a dry run (calls answered at once, without the cluster: what this
# machine's timers and scheduler add by themselves) and the real thing, then the medians of the rounds: a stall that the dry run has too is
# the machine's.
#
#   tests/serving.sh [--silos N] [--items N] [--users N] [--seconds S] [--models 'als ease']
set -euo pipefail
silos=1 items=20000 users=10000 seconds=15 models='als ease'
while [ $# -gt 0 ]; do
  case "$1" in
    --silos) silos="$2"; shift 2 ;;
    --items) items="$2"; shift 2 ;;
    --users) users="$2"; shift 2 ;;
    --seconds) seconds="$2"; shift 2 ;;
    --models) models="$2"; shift 2 ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done

. "$(dirname "${BASH_SOURCE[0]}")/../deploy/cluster-lib.sh"

median() { sed -n "s/^$1: .* $2 \([0-9.]*\) ms.*/\1/p" "$work/rounds" | sort -g | sed -n 2p; } # dry|real p50|p99

rounds() { # MODEL RATE
  local round kind options
  rm -f "$work/rounds"
  for round in 1 2 3; do
    for kind in dry real; do
      options=() && [ "$kind" = real ] || options=(--dry-run)
      client load-test --model "$1" --users "$work/users" --rate "$2" --seconds "$seconds" "${options[@]}" |
        paste -sd ';' | sed "s/;/; /; s/^/$kind: /" | tee -a "$work/rounds"
    done
  done
  for kind in dry real; do
    echo "$kind, median of the rounds at $2 calls/s: p50 $(median "$kind" p50) ms, p99 $(median "$kind" p99) ms"
  done
}

build
start_postgres "${RECSYS_TEST_POSTGRES:-}"
start_silos "$silos"
data="$work/made-up.tsv"
awk -v users="$users" -v items="$items" 'BEGIN { srand(42); for (u = 0; u < users; u++) { n = 20 + int(121 * rand()); for (e = 0; e < n; e++) {
  i = rand() < 0.7 ? (u % 50) * items / 50 + int(items / 50 * rand() ^ 2) : int(items * rand() ^ 2); print "user-" u "\titem-" int(i) } } }' >"$data"
client ingest "$data" 2>&1 | tail -n 1
awk '{ print $1 }' "$data" | sort -u | shuf -n 1000 --random-source=<(yes) >"$work/users"
for model in $models; do
  say "$model"
  options=() && [ "$model" = ease ] || options=(--factors 128 --iterations 5)
  client train --model "$model" "${options[@]}" 2>&1 | tail -n 1
  until client recommend user-0 --model "$model" >/dev/null 2>&1; do sleep 1; done # until the silos have loaded it
  client load-test --model "$model" --users "$work/users" --callers 1 --seconds "$seconds"
  client load-test --model "$model" --users "$work/users" --callers 16 --seconds "$seconds"
  client load-test --model "$model" --users "$work/users" --find-saturation --rate 1000 --seconds 5 --json >"$work/most"
  most="$(sed -n 's/.*"rate":\([0-9]*\).*/\1/p' "$work/most")"
  echo "$most calls/s sustained in the open loop"
  for part in 2 4; do
    rounds "$model" "$((most / part))"
  done
done
say "memory of a silo: $(silo_memory 0) MB"

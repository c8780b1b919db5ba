#!/usr/bin/env bash
# A cluster of two silo processes under load, one of them restarted every two minutes (in turn, by TERM and by KILL).
# Says every restart: failed calls (none may fail), attempts that were repeated, latency, memory of the silos.
#
#   tests/soak.sh MINUTES [--rate N] [--data FILE] [--every SECONDS]
set -euo pipefail
minutes="${1:?usage: tests/soak.sh MINUTES [--rate N] [--data FILE] [--every SECONDS]}"
shift
rate=200 data='' every=120
while [ $# -gt 0 ]; do
  case "$1" in
    --rate) rate="$2"; shift 2 ;;
    --data) data="$2"; shift 2 ;;
    --every) every="$2"; shift 2 ;;
    *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done

. "$(dirname "${BASH_SOURCE[0]}")/../deploy/cluster-lib.sh"
build
start_postgres "${RECSYS_TEST_POSTGRES:-}"
start_silos 2 --drain-seconds 1
if [ -z "$data" ]; then
  data="$work/made-up.tsv"
  awk 'BEGIN { srand(42); for (u = 0; u < 5000; u++) { t = u % 10; for (e = 0; e < 30; e++) {
    i = rand() < 0.8 ? t * 200 + int(200 * rand() ^ 2) : int(2000 * rand()); print "user-" u "\titem-" i } } }' >"$data"
fi

client ingest "$data"
client train --model als --factors 64 --iterations 5
awk '{ print $1 }' "$data" | sort -u | shuf -n 1000 --random-source=<(yes) >"$work/users"

# Writes beside the reads: the same file under other ids, again and again. What fails ends the soak.
(
  for ((k = 0; ; k++)); do
    client ingest "$data" --source "round-$k" --batch 500 --parallel 1 >/dev/null 2>"$work/writer.log" || { echo "round $k failed" >"$work/writer.failed"; cat "$work/writer.log" >>"$work/writer.failed"; exit 1; }
  done
) &
helpers+=("$!")

deadline=$(($(date +%s) + minutes * 60))
round=0 failures=0
while [ "$(date +%s)" -lt "$deadline" ]; do
  client load-test --rate "$rate" --seconds "$every" --warm-up 0 --users "$work/users" >"$work/load" 2>&1 &
  load=$!
  helpers+=("$load")
  sleep $((every / 4))
  silo=$((round / 2 % 2)) signal=$([ $((round % 2)) = 0 ] && echo TERM || echo KILL)
  stop_silo "$silo" "$signal"
  start_silo "$silo" --drain-seconds 1
  wait_ready "$silo"
  wait "$load" || failures=$((failures + 1))
  round=$((round + 1))
  printf '%s  silo %d %-4s  memory %s and %s MB  %s\n' "$(date -u +%T)" "$silo" "$signal" "$(silo_memory 0)" "$(silo_memory 1)" "$(tr '\n' ' ' <"$work/load")"
  if [ -e "$work/writer.failed" ]; then cat "$work/writer.failed" >&2; exit 1; fi
done

events="$(client status | grep -o '[0-9,]* interactions' || true)"
echo "$round restarts, $failures load tests with failed calls; $events"
[ "$failures" = 0 ]

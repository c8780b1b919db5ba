#!/usr/bin/env bash
# Rehearses the runbook of deploy/README.md with silo processes and PostgreSQL on this machine: a silo is added and one taken away, all
# are restarted one after the other under load (an upgrade), PostgreSQL is lost for ten seconds under load, a dump of the running cluster is restored into another database, and silos on that
# one know the same events, models and recommendations.
#
#   tests/runbook.sh
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/cluster-lib.sh"
build
start_postgres "${RECSYS_TEST_POSTGRES:-}"
database="$RECSYS_POSTGRES"
start_silos 2 --drain-seconds 1
data="$work/made-up.tsv"
awk 'BEGIN { srand(42); for (u = 0; u < 2000; u++) { t = u % 10; for (e = 0; e < 30; e++) {
  i = rand() < 0.8 ? t * 60 + int(60 * rand() ^ 2) : int(600 * rand()); print "user-" u "\titem-" i } } }' >"$data"
client ingest "$data" 2>&1 | tail -n 1
client train --model als --factors 32 --iterations 5 2>&1 | tail -n 1
client train --model ease 2>&1 | tail -n 1

fail() { echo "runbook: $*" >&2; exit 1; }
active() { client status | grep -c ' active ' || true; }
answers() { # what the cluster says of some users, by each model
  local user model
  for model in als ease; do
    until client recommend user-0 --model "$model" >/dev/null 2>&1; do sleep 1; done
    for user in user-0 user-7 user-1999; do client recommend "$user" --model "$model" -n 5; done
  done
}

say "a silo more, and one less"
start_silo 2 --drain-seconds 1
wait_ready 2
[ "$(active)" = 3 ] || fail "the third silo is not there: $(client status)"
stop_silo 2
[ "$(active)" = 2 ] || fail "the third silo is still there: $(client status)"

say "an upgrade: one silo after the other, under load"
client load-test --rate 100 --seconds 40 --warm-up 0 >"$work/load" 2>&1 &
load=$!
helpers+=("$load")
for n in 0 1; do
  sleep 5
  stop_silo "$n"
  start_silo "$n" --drain-seconds 1
  wait_ready "$n"
done
wait "$load" || fail "calls failed: $(cat "$work/load")"
cat "$work/load"

[ -n "$pg_bin" ] || { echo "the server is not ours: losing it, dump and restore are left out"; exit 0; }
port="$((55433 + offset))"

say "no PostgreSQL for ten seconds"
client load-test --rate 100 --seconds 25 --warm-up 0 >"$work/load" 2>&1 &
load=$!
helpers+=("$load")
sleep 5
as_postgres "$pg_bin/pg_ctl" -D "$pg_data" -m immediate stop >/dev/null
sleep 10
as_postgres "$pg_bin/pg_ctl" -D "$pg_data" -l "$work/postgres.log" -w -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$work" start >/dev/null
wait "$load" || fail "calls failed: $(cat "$work/load")"
cat "$work/load"
[ "$(active)" = 2 ] || fail "silos are gone: $(client status)"
client ingest "$data" --source again 2>&1 | tail -n 1
for n in 0 1; do curl -sf -m 5 "$(url "$n")/health/ready" >/dev/null || fail "silo $n is not ready again"; done

say "a dump of the running cluster, restored beside it"
before="$(answers)"
known="$(client status | grep interactions)"
"$pg_bin/pg_dump" -h 127.0.0.1 -p "$port" -U recsys -Fc recsys >"$work/recsys.dump"
for n in 0 1; do stop_silo "$n" KILL; done
"$pg_bin/createdb" -h 127.0.0.1 -p "$port" -U recsys recsys2
"$pg_bin/pg_restore" -h 127.0.0.1 -p "$port" -U recsys -d recsys2 "$work/recsys.dump"
"$pg_bin/psql" -h 127.0.0.1 -p "$port" -U recsys -q recsys2 -c "DELETE FROM orleans_cluster"
export RECSYS_POSTGRES="${database/Database=recsys/Database=recsys2}"
rm -rf "$work"/cache-*
start_silos 2 --drain-seconds 1
after="$(answers)"
[ "$before" = "$after" ] || fail "other recommendations than before: $(diff <(echo "$before") <(echo "$after"))"
[ "$known" = "$(client status | grep interactions)" ] || fail "other events than before: $known, now $(client status)"
client ingest "$data" 2>&1 | tail -n 1
echo "dump $(du -h "$work/recsys.dump" | cut -f 1); the same events, models and recommendations from it"

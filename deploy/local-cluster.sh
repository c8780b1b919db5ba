#!/usr/bin/env bash
# A cluster of silo processes with PostgreSQL on this machine: loads data, trains, recommends, measures a little, and stops
# everything it started, also on Ctrl-C.
#
#   deploy/local-cluster.sh [--silos N] [--data FILE] [--postgres STRING] [--keep]
#
#   --silos N          silo processes (default 2)
#   --data FILE        interactions in any format of docs/data.md (default: a made-up file)
#   --postgres STRING  Npgsql connection string of an empty database (default: an own server of the installed PostgreSQL)
#   --log DIR          keep the silos' output there
#   RECSYS_PORT_OFFSET added to every port (5080, 11111, 30000, 55433), where they are taken
#   --keep             leave the cluster running until Ctrl-C; prints how to talk to it
set -euo pipefail
silos=2 data='' postgres='' keep=0 log=''
while [ $# -gt 0 ]; do
  case "$1" in
    --silos) silos="$2"; shift 2 ;;
    --data) data="$2"; shift 2 ;;
    --postgres) postgres="$2"; shift 2 ;;
    --log) log="$2"; shift 2 ;;
    --keep) keep=1; shift ;;
    *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; [ "$1" = --help ] && exit 0; exit 2 ;;
  esac
done

. "$(dirname "${BASH_SOURCE[0]}")/cluster-lib.sh"
if [ -n "$log" ]; then mkdir -p "$log"; logs="$log"; fi
build
start_postgres "$postgres"
start_silos "$silos" --drain-seconds 1

if [ -z "$data" ]; then
  # 2000 users of ten tastes, 600 items.
  data="$work/made-up.tsv"
  awk 'BEGIN { srand(42); for (u = 0; u < 2000; u++) { t = u % 10; for (e = 0; e < 30; e++) {
    i = rand() < 0.8 ? t * 60 + int(60 * rand() ^ 2) : int(600 * rand()); print "user-" u "\titem-" i } } }' >"$data"
fi

say "loading $(basename "$data")"
client ingest "$data"
say "again: nothing changes"
client ingest "$data"
say "training"
client train --model ease
client train --model als --factors 64 --iterations 10
say "status"
client status
user="$(head -n 2 "$data" | tail -n 1 | awk '{ print $1 }')"
say "recommendations for $user, by the client and by HTTP"
client recommend "$user" -n 5 --explain
curl -sf "$(url 0)/api/v1/users/$user/recommendations?n=3"
echo
say "load"
client load-test --rate 500 --seconds 5

if [ "$keep" = 1 ]; then
  say "running: page at $(url 0)/, silos' output in $logs; in another terminal:"
  echo "  export RECSYS_CLUSTER=local RECSYS_POSTGRES='$RECSYS_POSTGRES'"
  while sleep 1; do :; done
fi

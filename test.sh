#!/usr/bin/env bash
# Runs the tests: the fast ones, or with --all the long ones too. Further arguments go to dotnet test.
# The cluster's tests need the packages of Orleans: where they cannot be restored the other tests run, and the last lines
# say what is missing. With RECSYS_REQUIRE_CLUSTER=1 that is a failure.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
filter='Category!=Long'
if [ "${1:-}" = "--all" ]; then
  filter=''
  shift
fi

passed=0 failed=0 skipped=0 status=0 missing=''
for project in tests/*.Tests/*.csproj; do
  if [ "$project" = tests/Recsys.Cluster.Tests/Recsys.Cluster.Tests.csproj ]; then
    if ! restored="$(dotnet restore "$project" -nologo 2>&1)"; then
      missing="$(grep -oE "[Uu]nable to find package [A-Za-z0-9.]+[A-Za-z0-9]" <<<"$restored" | sed 's/.* //' | sort -u)"
      if [ -z "$missing" ]; then
        printf '%s\n' "$restored" >&2
        status=1
      fi
      continue
    fi
  fi
  log="$(mktemp)"
  dotnet test "$project" -c Release -nologo ${filter:+--filter "$filter"} "$@" 2>&1 | tee "$log" || status=1
  # The runner's summary: "... Failed: 0, Passed: 12, Skipped: 1, Total: 13, ..."
  summary="$(grep -E 'Failed: +[0-9]+, Passed: +[0-9]+' "$log" | tail -n 1)"
  rm -f "$log"
  count() { sed -nE "s/.*$1: +([0-9]+).*/\1/p" <<<"$summary"; }
  passed=$((passed + $(count Passed || echo 0) + 0)) 2>/dev/null
  failed=$((failed + $(count Failed || echo 0) + 0)) 2>/dev/null
  skipped=$((skipped + $(count Skipped || echo 0) + 0)) 2>/dev/null
  if [ -z "$summary" ]; then
    status=1
    echo "$project: no test ran" >&2
  fi
done

if [ "$skipped" -gt 0 ]; then
  echo "skipped tests need the real data sets: set RECSYS_TEST_DATA to their folder"
fi
echo "$passed passed, $failed failed, $skipped skipped"
if [ "$failed" -gt 0 ] || [ "$passed" -eq 0 ]; then
  status=1
fi
if [ -n "$missing" ]; then
  echo
  echo "THE CLUSTER'S TESTS DID NOT RUN: these packages could not be restored:"
  sed 's/^/  /' <<<"$missing"
  if [ "${RECSYS_REQUIRE_CLUSTER:-0}" = 1 ]; then
    status=1
  fi
fi
exit "$status"

#!/usr/bin/env bash
# Runs one benchmark: ./bench.sh NAME [options]; without a name lists them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
if ! log="$(dotnet build tests/Recsys.Benchmarks -c Release -nologo -v quiet -clp:ErrorsOnly 2>&1)"; then
  printf '%s\n' "$log" >&2
  exit 1
fi
exec dotnet tests/Recsys.Benchmarks/bin/Release/net10.0/Recsys.Benchmarks.dll "$@"

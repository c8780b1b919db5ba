#!/usr/bin/env bash
# Runs one benchmark: ./bench.sh NAME [options]; without a name lists them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
dotnet build tests/Recsys.Benchmarks -c Release -nologo -v quiet '-clp:ErrorsOnly;NoSummary' >&2
exec dotnet tests/Recsys.Benchmarks/bin/Release/net10.0/Recsys.Benchmarks.dll "$@"

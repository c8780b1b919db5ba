#!/usr/bin/env bash
# Kills (SIGKILL) a running ingest and a running save at random moments and checks what is left:
# every acknowledged event there once, a whole model every time. ./tests/durability.sh [KILLS, 200] [SEED]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kills="${1:-200}"
seed="${2:-$RANDOM}"
dotnet build tests/Recsys.CrashProbe -c Release -nologo -clp:ErrorsOnly >&2
probe=tests/Recsys.CrashProbe/bin/Release/net10.0/Recsys.CrashProbe.dll
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/models"
dotnet "$probe" kill-ingest "$folder/log" "$kills" "$seed" | tail -n 1
dotnet "$probe" kill-save "$folder/models" "$(((kills + 3) / 4))" "$seed"

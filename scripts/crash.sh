#!/usr/bin/env bash
# crash.sh: jobs, and kill -9 at any moment. It runs the two tests that look for a promise that tenfour did not keep, for longer than the
# suite of tests does. It needs Go, gcc for -race, and strace, which kills between two writes of a file.
#
#   scripts/crash.sh                       300 cycles of load, kill -9 and start, on the same data; then 100 histories
#   scripts/crash.sh CYCLES [HISTORIES [SEED]]
#                                          the SEED of a history that failed draws it again, and a crash is mostly found again too
#
# It ends with 1 when a job that was promised is lost, ran too often, or has another result than its backend sent.
set -euo pipefail

die() {
	printf 'crash.sh: %s\n' "$1" >&2
	exit "${2:-1}"
}

cycles=${1:-300} histories=${2:-100} seed=${3:-0}
if (($# > 3)) || ! [[ $cycles =~ ^[1-9][0-9]{0,5}$ && $histories =~ ^[0-9]{1,5}$ && $seed =~ ^[0-9]{1,20}$ ]]; then
	die "usage: scripts/crash.sh [CYCLES [HISTORIES [SEED]]], numbers" 2
fi
for tool in go gcc strace; do
	command -v "$tool" >/dev/null || die "not installed: $tool (on Debian: apt-get install gcc libc6-dev strace; Go is at https://go.dev/dl/)"
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for race in "" -race; do
	# shellcheck disable=SC2086 # none, or one word
	TENFOUR_KILLS=$cycles go test $race -count=1 -v -timeout "$((cycles * 4 + 300))s" -run '^TestJobs_killed' ./tests
	if ((histories > 0)); then
		# shellcheck disable=SC2086
		go test $race -count=1 -v -timeout "$((histories * 30 + 300))s" -run '^TestJobs_generated$' ./tests -rapid.checks "$histories" -rapid.seed "$seed"
	fi
done

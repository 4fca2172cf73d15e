#!/usr/bin/env bash
# screenshots.sh: makes the pictures of the console that the docs show, in light and in dark. It needs Go, Chromium and ab; it takes a minute.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for tool in go ab chromium; do
	command -v "$tool" >/dev/null || {
		echo "screenshots.sh: not installed: $tool (on Debian: apt-get install apache2-utils chromium; Go is at https://go.dev/dl/)" >&2
		exit 1
	}
done
GOFLAGS="${GOFLAGS:-} -pgo=off" go run ./tests/screenshots "${1:-docs}"

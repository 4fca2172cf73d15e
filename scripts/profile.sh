#!/usr/bin/env bash
# profile.sh: writes default.pgo, a CPU profile of tenfour under plain load, which every `go build` and `go run` of it uses
# (docs/design/profile.md). The load is ab on one nginx that answers at once: half of the time a connection for each request, half of it
# persistent ones. Everything that it starts is ended when it ends.
set -euo pipefail

usage() {
	cat <<'TEXT'
usage: scripts/profile.sh [--seconds N] [--port P] [--backend-port P]

  --seconds N        of load                (PROFILE_SECONDS, 120)
  --port P           where tenfour listens  (PROFILE_PORT, 8480)
  --backend-port P   where nginx listens    (PROFILE_BACKEND_PORT, 8481)
TEXT
}

die() {
	printf 'profile.sh: %s\n' "$1" >&2
	exit "${2:-1}"
}

seconds=${PROFILE_SECONDS:-120}
port=${PROFILE_PORT:-8480}
backend=${PROFILE_BACKEND_PORT:-8481}

while [ $# -gt 0 ]; do
	case $1 in
	--seconds | --port | --backend-port)
		[ $# -ge 2 ] || die "$1 needs a number" 2
		case $1 in
		--seconds) seconds=$2 ;;
		--port) port=$2 ;;
		--backend-port) backend=$2 ;;
		esac
		shift
		;;
	-h | --help)
		usage
		exit 0
		;;
	*) die "what is $1? scripts/profile.sh --help says what there is" 2 ;;
	esac
	shift
done
for n in "$seconds" "$port" "$backend"; do
	[[ $n =~ ^[1-9][0-9]*$ ]] || die "$n is no number" 2
done
for tool in go nginx ab curl; do
	command -v "$tool" >/dev/null || die "$tool is missing"
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
tmp=$(mktemp -d)
nginx= tenfour=
cleanup() {
	trap '' INT TERM
	[ -z "$tenfour" ] || kill "$tenfour" 2>/dev/null || true
	[ -z "$nginx" ] || kill "$nginx" 2>/dev/null || true
	wait
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cat >"$tmp/nginx.conf" <<CONF
worker_processes 1;
daemon off;
pid $tmp/pid;
error_log /dev/null;
events { worker_connections 1024; }
http {
	access_log off;
	keepalive_requests 1000000000;
	client_body_temp_path $tmp/a; proxy_temp_path $tmp/b; fastcgi_temp_path $tmp/c; uwsgi_temp_path $tmp/d; scgi_temp_path $tmp/e;
	server { listen 127.0.0.1:$backend backlog=4096; location / { return 200 "a small page of some hundred bytes, as a simple backend gives it\n"; } }
}
CONF

# The program with another main.go, which writes a profile. -trimpath: the profile names no folder of this machine.
cat >"$tmp/main.go" <<'GO'
package main

import (
	"os"
	"runtime"
	"runtime/pprof"

	"tenfour/program"
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	runtime.SetCPUProfileRate(250) // the kernel's timer has no finer grain
	pprof.StartCPUProfile(f)       // it says that the rate is set already
	code := program.Main(os.Args[2:], os.Stdout, os.Stderr)
	pprof.StopCPUProfile()
	f.Close()
	os.Exit(code)
}
GO
printf '{"Replace":{"%s/main.go":"%s/main.go"}}' "$PWD" "$tmp" >"$tmp/overlay.json"
go build -trimpath -pgo=off -overlay "$tmp/overlay.json" -o "$tmp/tenfour" .

nginx -c "$tmp/nginx.conf" &
nginx=$!
(cd "$tmp" && GOMAXPROCS=1 exec ./tenfour "$tmp/pgo" --listen "127.0.0.1:$port" --backend "127.0.0.1:$backend" --workers 64 --console 127.0.0.1:0) \
	>"$tmp/out" 2>&1 &
tenfour=$!
for _ in $(seq 100); do
	curl -fs -o /dev/null "http://127.0.0.1:$port/" && break
	kill -0 "$tenfour" 2>/dev/null || die "tenfour ended: $(cat "$tmp/out")"
	sleep 0.1
done
for keep in "" -k; do
	# shellcheck disable=SC2086 # no flag is no argument
	ab -q $keep -c 64 -t $(((seconds + 1) / 2)) -n 3000000 "http://127.0.0.1:$port/small" | grep -E 'Complete|Failed|Requests per'
done
kill "$tenfour"
wait "$tenfour" || die "tenfour failed: $(cat "$tmp/out")"
tenfour=
mv "$tmp/pgo" default.pgo
printf 'default.pgo: %s bytes\n' "$(stat -c %s default.pgo 2>/dev/null || wc -c <default.pgo)"

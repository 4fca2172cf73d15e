#!/usr/bin/env bash
# soak.sh: tenfour for an hour under a rotation of what people do, and whether its memory or its descriptors grow. It
# takes less than half of a processor, on the average, so that one can work beside it. Everything it starts is ended when
# it ends, however it ends.
#
#   scripts/soak.sh              60 minutes
#   scripts/soak.sh MINUTES      1 to 10000, after a first rotation to warm up; below 10 they say little about growth
#   scripts/soak.sh --stress [SECONDS [SEED]]
#                                the random stress of tests/stress_linux_test.go instead, under -race: 60 seconds; a SEED of
#                                a run before throws the same dice. It needs Go and gcc alone
#   SOAK_PORT=P                  where tenfour listens (18100); its backend has the next port
#
# It ends with 1 when the median of PSS is higher in the last quarter than in the second by more than 10 % and 1 MB, when
# PSS was above 25 MB at any time, when at quiet moments of the last quarter more descriptors are open than in the second, by
# more than 8 (kept connections to the backend come and go), and when a request failed that should not have.
set -euo pipefail

die() {
	printf 'soak.sh: %s\n' "$1" >&2
	exit "${2:-1}"
}

if [ "${1:-}" = --stress ]; then
	seconds=${2:-60} seed=${3:-0}
	if (($# > 3)) || ! [[ $seconds =~ ^[1-9][0-9]{0,5}$ && $seed =~ ^[0-9]{1,9}$ ]]; then
		die "usage: scripts/soak.sh --stress [SECONDS [SEED]]" 2
	fi
	command -v go >/dev/null || die "not installed: go (https://go.dev/dl/)"
	cd "$(dirname "${BASH_SOURCE[0]}")/.."
	exec go test -race -count=1 -v -timeout "$((seconds + 300))s" -run '^TestStress' ./tests -stress "${seconds}s" -stress-seed "$seed"
fi

minutes=${1:-60}
port=${SOAK_PORT:-18100}
if (($# > 1)) || ! [[ $minutes =~ ^[0-9]{1,5}$ ]] || ((10#$minutes < 1 || 10#$minutes > 10000)); then
	die "usage: scripts/soak.sh [MINUTES], from 1 to 10000" 2
fi
if ! [[ $port =~ ^[0-9]{1,5}$ ]] || ((10#$port < 1 || 10#$port > 65534)); then
	die "SOAK_PORT=$port: from 1 to 65534" 2
fi
minutes=$((10#$minutes)) port=$((10#$port))
backend=$((port + 1))

PATH=$PATH:/usr/sbin:/sbin # where Debian has nginx
for tool in go ab curl; do
	command -v "$tool" >/dev/null || die "not installed: $tool (on Debian: apt-get install apache2-utils curl; Go is at https://go.dev/dl/)"
done
for p in "$port" "$backend"; do
	if (: <"/dev/tcp/127.0.0.1/$p") 2>/dev/null; then die "port $p is taken; SOAK_PORT chooses another"; fi
done

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tmp=$(mktemp -d)
chmod 755 "$tmp" # nginx has a worker of another user when we are root
pids=()          # what runs until the end
current=         # the command under way

# Called by a trap.
# shellcheck disable=SC2317,SC2329
cleanup() {
	trap '' INT TERM
	local pid
	for pid in $current ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
	for pid in $current ${pids[@]+"${pids[@]}"}; do wait "$pid" 2>/dev/null || true; done
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# job COMMAND...: runs it as a job of ours, so that Ctrl-C ends it at once; its output is in $tmp/out.
job() {
	local rc=0
	"$@" >"$tmp/out" 2>&1 &
	current=$!
	wait "$current" || rc=$?
	current=
	return "$rc"
}

# await PORT PID NAME: until something listens there.
await() {
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		if (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
		kill -0 "$2" 2>/dev/null || break
		sleep 0.05
	done
	cat "$tmp/$3.log" >&2
	die "$3 does not answer on port $1"
}

echo "building tenfour"
(cd "$root" && go build -o "$tmp/tenfour" .)

# ---- who runs ----------------------------------------------------------------------------------------------------

mkdir "$tmp/site"
head -c 128 /dev/zero | tr '\0' 'x' >"$tmp/site/small"
head -c 20000000 /dev/zero | tr '\0' 'x' >"$tmp/site/big"
chmod -R a+rX "$tmp/site"
cp "$tmp/site/big" "$tmp/upload"

if command -v nginx >/dev/null; then
	cat >"$tmp/nginx.conf" <<-CONF
		worker_processes 1;
		daemon off;
		pid nginx.pid;
		error_log stderr crit;
		events { worker_connections 1000; }
		http {
			access_log off;
			keepalive_timeout 7d;
			keepalive_requests 1000000000;
			client_max_body_size 0;
			client_body_temp_path body;
			proxy_temp_path proxy;
			fastcgi_temp_path fastcgi;
			uwsgi_temp_path uwsgi;
			scgi_temp_path scgi;
			server {
				listen 127.0.0.1:$backend;
				root site;
				location = /up { return 200 "taken"; }
			}
		}
	CONF
	nginx -p "$tmp" -c "$tmp/nginx.conf" >"$tmp/backend.log" 2>&1 &
	name=nginx taken=200
else
	"$tmp/tenfour" --listen "127.0.0.1:$backend" --console off --serve "$tmp/site" >"$tmp/backend.log" 2>&1 &
	name="another tenfour with --serve" taken=405 # files take no uploads
fi
pids+=($!)
await "$backend" "${pids[0]}" backend
patience=2 # seconds for a head
"$tmp/tenfour" --listen "127.0.0.1:$port" --console off --backend "127.0.0.1:$backend" --workers 16 --head-timeout "${patience}s" >"$tmp/tenfour.log" 2>&1 &
tenfour=$!
pids+=("$tenfour")
await "$port" "$tenfour" tenfour

# ---- what is watched ---------------------------------------------------------------------------------------------

samples=$tmp/samples # lines of: second, PSS in KiB, descriptors, threads
echo 0 >"$tmp/requests"
: >"$samples"

# watch: a sample every second, a line every 30. It ends with tenfour, or with us.
watch() {
	local key value pss threads fds n last=0 said=0 requests=0
	while kill -0 "$tenfour" 2>/dev/null; do
		pss=''
		threads=''
		while read -r key value _; do
			if [ "$key" = Pss: ]; then pss=$value; fi
		done 2>/dev/null <"/proc/$tenfour/smaps_rollup" || break
		while read -r key value _; do
			if [ "$key" = Threads: ]; then threads=$value; fi
		done 2>/dev/null <"/proc/$tenfour/status" || break
		fds=("/proc/$tenfour/fd/"*)
		if [ -z "$pss" ] || [ -z "$threads" ]; then break; fi
		echo "$SECONDS $pss ${#fds[@]} $threads" >>"$samples"
		if ((SECONDS - last >= 30 || said == 0)); then
			last=$SECONDS said=1
			read -r n <"$tmp/requests" && requests=$n
			printf '%4d:%02d %11d requests  PSS %5s MB  %4d descriptors  %3d threads\n' \
				$((SECONDS / 60)) $((SECONDS % 60)) "$requests" "$(megabytes "$pss")" "${#fds[@]}" "$threads"
		fi
		sleep 1
	done
}

megabytes() { printf '%d.%d' $(($1 * 1024 / 1000000)) $(($1 * 1024 / 100000 % 10)); } # of KiB

# ---- what people do ----------------------------------------------------------------------------------------------

url=http://127.0.0.1:$port
requests=0
failures=0

answered() { # N
	requests=$((requests + $1))
	echo "$requests" >"$tmp/requests"
}

failed() { # WHAT
	failures=$((failures + 1))
	printf 'failed: %s\n' "$1"
	if ((failures >= 100)); then die "100 failures: it is enough"; fi
}

report() { sed -n "s/$1/\\1/p" "$tmp/out" | head -n 1; } # PATTERN: what its \(...\) holds in the last output

connections() { # a connection for each request
	local bad
	job ab -q -r -s 10 -n 3000 -c 40 "$url/small" || failed "ab: $(tail -n 1 "$tmp/out")"
	answered "$(report '^Complete requests: *\([0-9]*\)$' | grep . || echo 0)"
	bad=$(awk '/^(Failed requests|Non-2xx responses|Write errors):/ { n += $NF } END { print n + 0 }' "$tmp/out")
	if ((bad > 0)); then failed "$bad of ab's requests"; fi
}

persistent() {
	if command -v wrk >/dev/null; then
		job wrk -t1 -c64 -d1 "$url/small" || failed "wrk: $(tail -n 1 "$tmp/out")"
		answered "$(report '^ *\([0-9]*\) requests in .*' | grep . || echo 0)"
		if grep -qE 'Socket errors|Non-2xx' "$tmp/out"; then failed "wrk:$(grep -hE 'Socket errors|Non-2xx' "$tmp/out" | tr -s ' \n' ' ')"; fi
	else
		job ab -k -q -r -s 10 -n 10000 -c 64 "$url/small" || failed "ab -k: $(tail -n 1 "$tmp/out")"
		answered 10000
	fi
}

# fetch PATTERN ARGUMENTS...: curl, which prints the status and how many bytes came.
# shellcheck disable=SC2053 # a pattern it is
fetch() {
	local wanted=$1
	shift
	job curl -s -o /dev/null -w '%{http_code} %{size_download}' --max-time 20 "$@" || true
	answered 1
	[[ $(<"$tmp/out") == $wanted ]] || failed "curl $*: $(<"$tmp/out"), not $wanted"
}

download() { fetch "200 20000000" "$url/big"; }

upload() {
	fetch "$taken *" -H 'Expect:' --data-binary "@$tmp/upload" "$url/up"
	fetch "$taken *" -H 'Expect:' -H 'Transfer-Encoding: chunked' --data-binary "@$tmp/upload" "$url/up"
}

slow_download() { fetch "200 20000000" --limit-rate 8M "$url/big"; }

# open N: so many connections of ours, in fds.
fds=()
open() {
	local fd i
	fds=()
	for ((i = 0; i < $1; i++)); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$port"
		fds+=("$fd")
	done
}

shut() {
	local fd
	for fd in "${fds[@]}"; do exec {fd}>&-; done
}

half_heads() { # they must be told that it took too long
	local fd line late=0
	open 20
	for fd in "${fds[@]}"; do printf 'GET /small HTTP/1.1\r\nHost: soak\r\nX-Half:' >&"$fd"; done
	job sleep $((patience + 2))
	for fd in "${fds[@]}"; do
		if IFS= read -r -t 5 line <&"$fd" && [[ $line == 'HTTP/1.1 408 '* ]]; then late=$((late + 1)); fi
	done
	shut
	if ((late != 20)); then failed "of 20 half heads $late were answered with 408"; fi
}

leave() { # in the middle of a head, of waiting, of a body, of everything
	local fd
	open 10
	for fd in "${fds[@]}"; do printf 'GET /sm' >&"$fd"; done
	shut
	open 10
	for fd in "${fds[@]}"; do printf 'GET /big HTTP/1.1\r\nHost: soak\r\n\r\n' >&"$fd"; done
	shut
	open 10
	for fd in "${fds[@]}"; do printf 'POST /up HTTP/1.1\r\nHost: soak\r\nContent-Length: 1000\r\n\r\nnot a thousand' >&"$fd"; done
	shut
	job curl -s -o /dev/null --max-time 0.5 --limit-rate 1M "$url/big" || true
	job timeout 0.2 ab -q -n 1000000 -c 20 "$url/small" || true
}

# busy PHASE: and a pause that leaves the machine to others. A phase has two processors at the most, so that with four
# times its duration after it everything together takes 40 % of one.
busy() {
	local began now spent
	began=${EPOCHREALTIME/[.,]/}
	"$1"
	now=${EPOCHREALTIME/[.,]/}
	spent=$(((now - began) / 1000))
	job sleep "$((spent * 4 / 1000 + 1)).$(printf '%03d' $((spent * 4 % 1000)))"
	kill -0 "$tenfour" 2>/dev/null || {
		tail -n 20 "$tmp/tenfour.log" >&2
		die "tenfour has ended"
	}
}

# ---- the run -----------------------------------------------------------------------------------------------------

echo "$minutes minutes before $name, and a first rotation; tenfour is process $tenfour"
SECONDS=0
watch &
pids+=($!)
end=1000000
rotation() {
	local phase
	for phase in connections persistent download upload leave; do
		if ((SECONDS < end)); then busy "$phase"; fi
	done
	for phase in half_heads slow_download; do # these wait themselves
		if ((SECONDS < end)); then "$phase"; fi
	done
}
rotation # whatever it keeps, it has now
start=$SECONDS
end=$((start + minutes * 60))
while ((SECONDS < end)); do rotation; done
job sleep 3 # what was under way ends

# ---- what it comes to --------------------------------------------------------------------------------------------

# of QUARTER COLUMN: its values in that quarter (1 to 4), in order.
of() {
	awk -v q="$1" -v c="$2" -v start="$start" -v end="$SECONDS" '
		{ part = ($1 - start) / (end - start) * 4 }
		part >= q - 1 && part <= q { print $c }' "$samples" | sort -n
}
median() { awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] + 0 }'; }

first=$(of 1 2 | median)
second=$(of 2 2 | median)
last=$(of 4 2 | median)
most=$(awk '$2 > m { m = $2 } END { print m + 0 }' "$samples")
quiet2=$(of 2 3 | head -n 1)
quiet4=$(of 4 3 | head -n 1)
cpu=$(awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / hz }' "/proc/$tenfour/stat")

echo
echo "$requests requests, $failures failures; tenfour used $cpu s of processor time in $SECONDS s"
echo "PSS: $(megabytes "$first") MB in the first quarter, $(megabytes "$second") in the second, $(megabytes "$last") in the last (medians); $(megabytes "$most") at most"
echo "descriptors at quiet moments: $quiet2 in the second quarter, $quiet4 in the last"
bad=$failures
if ((last * 10 > second * 11 + 9770)); then # 1 MB is 977 KiB
	echo "PSS has grown"
	bad=1
fi
if ((most * 1024 > 25000000)); then
	echo "PSS was above 25 MB"
	bad=1
fi
if ((quiet4 > quiet2 + 8)); then
	echo "the descriptors have grown"
	bad=1
fi
((bad == 0))

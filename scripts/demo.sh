#!/usr/bin/env bash
# demo.sh: four real `python3 -m http.server`, tenfour in front of them, `ab` on it, and beside it the same run on one of the
# four directly. Everything it starts is ended when it ends, however it ends.
set -euo pipefail

usage() {
	cat <<'TEXT'
usage: scripts/demo.sh [--quick] [--count N] [--clients N] [--port P] [--backend-port P]

  --quick            fewer requests: 800
  --count N          requests of each run              (DEMO_COUNT, 4000)
  --clients N        clients at the same time          (DEMO_CLIENTS, 80)
  --port P           where tenfour listens             (DEMO_PORT, 8000)
  --backend-port P   the first of four ports in a row  (DEMO_BACKEND_PORT, 8001)
TEXT
}

die() {
	printf 'demo.sh: %s\n' "$1" >&2
	exit "${2:-1}"
}

count=${DEMO_COUNT:-4000}
clients=${DEMO_CLIENTS:-80}
port=${DEMO_PORT:-8000}
first=${DEMO_BACKEND_PORT:-8001}

while [ $# -gt 0 ]; do
	case $1 in
	--quick) count=800 ;;
	--count | --clients | --port | --backend-port)
		[ $# -ge 2 ] || die "$1 needs a number" 2
		case $1 in
		--count) count=$2 ;;
		--clients) clients=$2 ;;
		--port) port=$2 ;;
		--backend-port) first=$2 ;;
		esac
		shift
		;;
	-h | --help)
		usage
		exit 0
		;;
	*)
		usage >&2
		die "$1: no such flag" 2
		;;
	esac
	shift
done

number() { # NAME VALUE LEAST MOST
	if ! [[ $2 =~ ^[0-9]{1,7}$ ]] || ((10#$2 < $3 || 10#$2 > $4)); then
		die "$1 $2: write a number, $3 to $4" 2
	fi
}
number --count "$count" 1 1000000
number --clients "$clients" 1 10000
number --port "$port" 1 65535
number --backend-port "$first" 1 65532
((clients <= count)) || die "--clients $clients: ab wants no more clients than requests ($count)" 2

missing=()
for tool in go python3 ab; do
	command -v "$tool" >/dev/null || missing+=("$tool")
done
((${#missing[@]} == 0)) ||
	die "not installed: ${missing[*]} (on Debian: apt-get install python3 apache2-utils; Go is at https://go.dev/dl/)"

backends=()
for i in 0 1 2 3; do backends+=("$((first + i))"); done
taken=$(python3 - "$port" "${backends[@]}" <<'PY'
import socket, sys
for port in map(int, sys.argv[1:]):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError as e:
            print("%d (%s)" % (port, e.strerror))
PY
)
[ -z "$taken" ] || die "not free: port ${taken//$'\n'/, port }. End what has it, or choose others with --port and --backend-port."

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tmp=$(mktemp -d)
pids=() # what runs until the end
ab=     # the run of ab under way

# Called by a trap.
# shellcheck disable=SC2317,SC2329
cleanup() {
	trap '' INT TERM
	local pid
	for pid in $ab ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
	for pid in $ab ${pids[@]+"${pids[@]}"}; do wait "$pid" 2>/dev/null || true; done
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

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

mkdir "$tmp/site"
head -c 4096 /dev/zero | tr '\0' 'x' >"$tmp/site/page.html"

echo "building tenfour"
(cd "$root" && go build -o "$tmp/tenfour" .)

flags=()
for b in "${backends[@]}"; do
	python3 -m http.server "$b" --bind 127.0.0.1 --directory "$tmp/site" >"$tmp/python-$b.log" 2>&1 &
	pids+=($!)
	flags+=(--backend "127.0.0.1:$b")
done
"$tmp/tenfour" --listen "127.0.0.1:$port" --console off "${flags[@]}" >"$tmp/tenfour.log" 2>&1 &
pids+=($!)
for i in 0 1 2 3; do await "${backends[i]}" "${pids[i]}" "python-${backends[i]}"; done
await "$port" "${pids[4]}" tenfour

# patience is how many seconds ab waits for any answer at all before it gives up.
patience=15

# run NAME PORT: ab's report to NAME.ab. ab is a job of ours too, so that Ctrl-C ends it at once.
run() {
	ab -r -q -s "$patience" -c "$clients" -n "$count" "http://127.0.0.1:$2/page.html" >"$tmp/$1.ab" 2>"$tmp/$1.err" &
	ab=$!
	wait "$ab" || true
	ab=
}

# row NAME LABEL: a line of the table, and how many requests failed to bad, its rate, its slowest answer in ms, and how many clients got no answer
# in the whole run. By Little's law the others are as many as the rate times the mean time. A run that ab gave up has no
# numbers: its rate is empty, and had is how many requests it completed.
bad=0 rate='' slowest='' without='' had=''
row() {
	local line
	line=$(awk '
		/^Requests per second:/ { rate = sprintf("%.0f", $4) }
		/^Failed requests:/     { failed += $3 }
		/^Non-2xx responses:/   { failed += $3 }
		$1 == "Total:" { mean = $3 }
		$1 == "50%"  { p50 = $2 }
		$1 == "99%"  { p99 = $2 }
		$1 == "100%" { most = $2 }
		END { if (rate != "") print rate, failed + 0, p50, p99, most, mean }' "$tmp/$1.ab")
	if [ -z "$line" ]; then
		had=$(sed -n 's/.*Total of \([0-9]*\) requests completed.*/\1/p' "$tmp/$1.ab")
		printf '%-34s %s\n' "$2" "ab gave up after ${had:-0} requests: no answer came for $patience s"
		bad=-1 rate='' had=${had:-0}
		return
	fi
	# shellcheck disable=SC2086
	set -- "$2" $line
	printf '%-34s %10s %8s %8s %8s %8s\n' "${@:1:6}"
	rate=$2 bad=$3 slowest=$6
	without=$(awk -v c="$clients" -v r="$rate" -v m="$7" 'BEGIN { n = int(c - r * m / 1000); print n < 0 ? 0 : n }')
}

# direct_says is the sentence about the server alone. A tenth of the clients without an answer is more than the rounding of ab's times.
direct_says() {
	local text
	if [ -z "$rate" ]; then
		echo "One server alone, asked by the same $clients clients, gave some of them no answer for $patience s: ab gave up after $had of $count requests."
		return
	fi
	text="One server alone, asked by the same $clients clients, answered $rate requests a second, and its slowest answer took $slowest ms"
	if ((without * 10 >= clients)); then text+="; about $without of the clients got no answer at all, and so are in none of these times"; fi
	if ((bad > 0)); then text+="; $bad requests failed"; fi
	echo "$text."
}

echo "ab -r -c $clients -n $count, a page of 4,096 bytes; $(getconf _NPROCESSORS_ONLN) processors, $(python3 --version), $(go env GOVERSION)"
echo
echo "  on tenfour in front of four backends ..."
run tenfour "$port"
echo "  on one backend directly ..."
run direct "${backends[0]}"
echo
printf '%-34s %10s %8s %8s %8s %8s\n' '' requests/s failed 'p50 ms' 'p99 ms' 'max ms'
row direct "one http.server, directly"
direct=$(direct_says)
row tenfour "tenfour in front of four"
echo
if ((bad != 0)); then
	tail -n 5 "$tmp/tenfour.log" >&2
	die "through tenfour every request must succeed"
fi
echo "Through tenfour every one of $count requests was answered, $rate a second and the slowest after $slowest ms: each server meets 4 clients at a time, and the others wait in order."
echo "$direct"

#!/usr/bin/env bash
# test.sh: all the checks. It needs Go, and on Debian as root it installs the rest; elsewhere it says what is missing.
#
#   scripts/test.sh            all steps
#   scripts/test.sh vet race   the steps whose name begins so
#
# Its last line is "N passed, N failed, N skipped": the top-level tests of each run of `go test`, and each other step as
# one. A skipped test is listed with its reason. A test that failed, and then passed five times alone and once in company, counts as passed and is
# listed as unsteady (scripts/tally.py): it is a bug to mend. It ends with 0 when nothing failed.
#
# shellcheck disable=SC2016,SC2001 # backquotes and $ stand in patterns of ours; sed is as clear as ${line/…}
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
fuzztime=${FUZZTIME:-3s} # for each fuzz target

tmp=$(mktemp -d)
results=$tmp/results # lines of outcome, name, reason
: >"$results"
current=  # the command under way
beside=() # the process groups of the steps that run beside
said=     # of those: the file for what a step says
policy=   # a file that we made to keep Debian from starting what it installs

# shellcheck disable=SC2317,SC2329 # called by a trap
cleanup() {
	trap '' INT TERM
	if [ -n "$current" ]; then kill -- "-$current" 2>/dev/null || true; fi
	local group
	for group in "${beside[@]}"; do
		kill "$group" 2>/dev/null || true # it ends its own command
		wait "$group" || true
	done
	if [ -n "$policy" ]; then rm -f "$policy"; fi
	chmod -R u+w "$tmp"
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# shellcheck source=scripts/pages.sh
source scripts/pages.sh

# ---- what is needed ----------------------------------------------------------------------------------------------

tools=(ab nginx haproxy wrk curl nc python3 openssl gcc strace chromium)
package_of() {
	case $1 in
	ab) echo apache2-utils ;;
	nc) echo netcat-openbsd ;;
	gcc) echo gcc libc6-dev ;; # for -race
	*) echo "$1" ;;
	esac
}

lacking() {
	local tool
	for tool in "${tools[@]}"; do
		command -v "$tool" >/dev/null || echo "$tool"
	done
}

install() { # PACKAGE...
	# A freshly installed nginx or haproxy would be started, and take a port.
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		policy=/usr/sbin/policy-rc.d
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod +x "$policy"
	fi
	export DEBIAN_FRONTEND=noninteractive
	if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >"$tmp/apt" 2>&1; then
		cat "$tmp/apt" >&2
		return 1
	fi
	if [ -n "$policy" ]; then
		rm -f "$policy"
		policy=
	fi
}

need_tools() {
	PATH=$PATH:/usr/sbin:/sbin # where Debian has nginx and haproxy
	local missing packages tool
	mapfile -t missing < <(lacking)
	if ((${#missing[@]} > 0)) && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		packages=()
		for tool in "${missing[@]}"; do
			# shellcheck disable=SC2207 # one tool may need two packages
			packages+=($(package_of "$tool"))
		done
		echo "installing: ${packages[*]}"
		install "${packages[@]}"
		mapfile -t missing < <(lacking)
	fi
	if ((${#missing[@]} > 0)); then
		echo "test.sh: not installed: ${missing[*]}" >&2
		echo "test.sh: on Debian: apt-get install $(for tool in "${missing[@]}"; do package_of "$tool"; done | xargs)" >&2
		return 1
	fi
}

# ---- skipped tests -----------------------------------------------------------------------------------------------

# may_skip is the tests that may be skipped. Any other that is skipped counts as failed: what it needs is installed, or is in every Linux.
may_skip=(
	'race: tenfour/tests\.TestConfig_readingIsBounded$'       # -race takes memory of its own. It runs in "test plain"
	'race: tenfour/tests\.TestIdleConnections_costLittle$'  # it is about tenfour without -race. It runs in "test plain"
	'race: tenfour/limit\.TestAsk_allocatesNothing$'          # -race allocates. It runs in "test plain"
	'portable: tenfour/sock\.TestPipe_movesBytes$'            # without the files for Linux there is no splice
	'tenfour/bench\.TestAdmit_configuresAllContendersAlike/'  # Caddy may be missing
	'tenfour/forward\.TestExchange_triesEveryAddressOfAName'                            # a machine without IPv6
	'tenfour/tests\.TestTLSClient_thatAsksForKeyUpdates'      # a processor without AES has another cipher suite
)

# refuse_skips makes each skipped test that may not be one that failed.
refuse_skips() {
	local IFS='|'
	awk -F '\t' '$1 == "skip" { print $2 }' "$results" | grep -vE "${may_skip[*]}" >"$tmp/skipped" || true
	awk -F '\t' -v OFS='\t' 'FILENAME == ARGV[1] { bad[$0] = 1; next } $1 == "skip" && $2 in bad { $1 = "fail"; $2 = $2 ": skipped, and may not be: " $3 } { print }' \
		"$tmp/skipped" "$results" >"$tmp/judged"
	mv "$tmp/judged" "$results"
}

# ---- steps -------------------------------------------------------------------------------------------------------

only=("$@")
wanted() { # NAME
	((${#only[@]} == 0)) && return 0
	local o
	for o in "${only[@]}"; do [[ $1 == "$o"* ]] && return 0; done
	return 1
}

# guarded COMMAND...: runs it in a process group of its own, so that all of it can be ended. Not to be called where a
# failure is expected, as in an if: the shell would then ignore those inside it too.
guarded() {
	set -m
	(
		set +m -e
		"$@"
	) </dev/null &
	current=$!
	set +m
	local rc=0
	wait "$current" || rc=$?
	current=
	return "$rc"
}

seconds() { date +%s; }

# working sets worked to the seconds that processors have worked for the commands that have ended.
working() {
	local file=$tmp/times.$BASHPID
	times >"$file" # in a $(times) it would be about that
	worked=$(awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, "[ms]"); sum += 60 * t[1] + t[2] } printf "%d", sum }' "$file")
}

# step NAME COMMAND...: runs it; its outcome counts as one, unless NAME begins with "test" and it counts by itself.
step() {
	wanted "$1" || return 0
	if [ -z "$said" ]; then
		judged "$@"
	else # all at once, when it has ended
		judged "$@" >"$said" 2>&1
		cat "$said"
	fi
}

judged() {
	local name=$1 began worked rc=0
	shift
	echo "== $name"
	began=$(seconds)
	working
	local before=$worked
	set +e
	guarded "$@"
	rc=$?
	set -e
	local outcome=pass
	((rc == 0)) || outcome=fail
	working
	local run=${name#test } # as tally.py was told
	run=${run%%:*}
	if [[ $name != test* ]]; then
		printf '%s\t%s\t\n' "$outcome" "$name" >>"$results"
	elif ((rc != 0)) && ! grep -q "^fail	$run: " "$results"; then # no test has failed
		printf 'fail\t%s: it ended with %d\t\n' "$run" "$rc" >>"$results"
	fi
	echo "== $name: $outcome, $(($(seconds) - began)) s; processors $((worked - before)) s"
}

# beside STEPS: runs the function STEPS, which has steps of its own, while the next steps run. What each of them says is printed at its
# end. together waits for them.
beside() {
	set -m
	(
		set +m
		beside=() current='' said=$tmp/said.$1 results=$tmp/beside.$1
		: >"$results"
		trap - EXIT
		trap 'if [ -n "$current" ]; then kill -- "-$current" 2>/dev/null || true; fi; exit 143' INT TERM
		"$@"
	) </dev/null &
	beside+=($!)
	set +m
}

# together waits until all the steps that run beside have ended, and counts them.
together() {
	local group
	for group in "${beside[@]}"; do
		wait "$group" || printf 'fail\tsteps that run beside have not all run\t\n' >>"$results"
	done
	beside=()
	cat "$tmp"/beside.* >>"$results"
	rm "$tmp"/beside.*
}

# when_idle has all that this shell runs from now on take only the time that processors have left: tests that look at the clock run beside.
when_idle() {
	chrt --idle --pid 0 "$BASHPID" 2>/dev/null || renice -n 19 -p "$BASHPID" >/dev/null
}

check_fmt() {
	local odd
	odd=$(gofmt -l .)
	[ -z "$odd" ] || {
		echo "not formatted (gofmt -w):"
		echo "$odd"
		return 1
	}
}

vet() {
	go vet ./...
	go vet -tags portable ./...
}

# compile compiles what the steps after "test race" run, so that they need not wait for it. The profile is for the pages: their readers build so.
compile() {
	go list -test -export ./... >/dev/null
	go list -test -export -tags portable "${on_other_systems[@]}" >/dev/null
	GOFLAGS=${GOFLAGS/-pgo=off/} go build -o /dev/null .
}

# build_all: does it compile elsewhere, and do the tests? No file of ours is for one kind of processor. So it is compiled and linked for one
# other system, and for the others its types are checked, which costs a tenth.
build_all() {
	go run ./tests/typecheck linux/amd64 linux/arm64 darwin/amd64 # without cgo
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 go build -o /dev/null .
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 go vet ./bench ./health ./lot ./sock ./value/listen # they have files of their own there
}

# gotest NAME FLAG... -- PACKAGE...: go test, its tests counted. One package at a time: some tests look at the clock. Those that run
# beside each other mostly wait, so there may be more of them than processors. The step "vet" has vetted them.
gotest() {
	local name=$1
	shift
	python3 scripts/tally.py "$name" "$results" -count=1 -vet=off -p 1 -parallel 16 -timeout 8m "$@"
}

# Three runs share the work, so that nothing is tested three times that can break only once.
#
# test race: every test of a package that has goroutines, because a race of them may be anywhere. But each costs five times as much, so what
# cannot race is done less often: a message is cut in its middle and not at every byte, and nothing is measured.
# test plain: what the race run does less of, or leaves out: packages without a goroutine, and single tests. Such a test asks underRace, or calls a function that does, or is in a file
# that is not built with -race.
# test portable: the packages that have files of their own for other systems than Linux, and the whole program on them, but for what passes
# through none of those files in another way (same_anywhere): its tests are about settings, commands, jobs and log lines. With -short: fewer
# rounds of the same.

# with_goroutines prints the packages that start a goroutine, they or their tests. without_goroutines prints the others that have tests.
with_goroutines() {
	go list -f '{{.ImportPath}} {{.Dir}}' ./... | while read -r pkg dir; do
		if grep -qE '^[[:space:]]*go |\.Go\(|t\.Parallel\(\)' "$dir"/*.go; then echo "$pkg"; fi
	done
}
without_goroutines() {
	comm -23 <(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... | sed '/^$/d' | sort) <(with_goroutines | sort)
}

# looks_at_clock is the packages of which some tests look at the clock: they are tested one at a time.
looks_at_clock='^tenfour/(front|health|lot|pool|sock|forward|tests)(/| |$)'

# test_race: everything with the race detector. Packages whose tests look at no clock are tested two at a time.
test_race() {
	local others rc=0
	go list -race -test -export ./... >/dev/null # it compiles them on all processors; go test -p 1 would use one
	others=$(with_goroutines | grep -vE "$looks_at_clock")
	# shellcheck disable=SC2086 # several packages
	gotest race -p 2 -race -- $others || rc=1
	gotest race -race -- ./front ./health ./lot ./pool ./sock ./forward ./tests/... || rc=1
	return "$rc"
}

# test_quiet: the packages without a goroutine. None of their tests looks at the clock.
test_quiet() {
	# shellcheck disable=SC2046 # several packages
	gotest plain -p 2 -- $(without_goroutines)
}

# test_plain: of the other packages the tests that are others without -race: those of files that it leaves out, those that depend on whether
# it is on, and those that were skipped with it.
test_plain() {
	local files pkg dir rc=0
	files='{{$p := .}}{{range .TestGoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}'
	{
		{
			comm -13 <(go list -race -f "$files" ./... | sort) <(go list -f "$files" ./... | sort)
		} | while read -r pkg file; do sed -n "s|^func \(Test[A-Za-z0-9_]*\)(.*|$pkg \1|p" "$file"; done
		go list -f '{{if .TestGoFiles}}{{.ImportPath}} {{.Dir}}{{end}}' ./... | while read -r pkg dir; do
			awk -v name=underRace -f scripts/dependents.awk "$dir"/*_test.go | sed "s|^|$pkg |"
		done
		awk -F '\t' '$1 == "skip" { print $2 }' "$results" | sed -n 's/^race: \(.*\)\.\(Test[^./]*\).*/\1 \2/p'
	} | sort -u >"$tmp/others"
	without_goroutines | sed 's/$/ /' | grep -vFf - "$tmp/others" | grep -vE " $measured" >"$tmp/single" || true
	(
		when_idle
		singles -p 2 < <(grep -vE "$looks_at_clock" "$tmp/single")
	) &
	singles < <(grep -E "$looks_at_clock" "$tmp/single") || rc=1
	wait $! || rc=1
	return "$rc"
}

# measured is the tests that compare what processors do for two programs: nothing runs beside them.
measured='(TestUnfinishedHeads_costNoThroughput|TestStreams_holdNoWorker)$'

test_measured() { gotest plain -run "^$measured" -- ./tests; }

# singles FLAG...: of lines "package test", all of these tests in one run. A test of the same name in another of the packages runs too.
singles() {
	local all
	all=$(cat)
	[ -n "$all" ] || return 0
	# shellcheck disable=SC2046 # several packages
	gotest plain "$@" -run "^($(cut -d ' ' -f 2 <<<"$all" | sort -u | paste -sd '|'))\$" -- $(cut -d ' ' -f 1 <<<"$all" | sort -u)
}

# same_anywhere is the tests of the whole program that are not run again on other systems' files.
same_anywhere='^Test(Jobs|JobsCommand|Async|Handle|Handover|IdempotencyKey|Dedupe|Callback|Check|Config|Settings|Flags|Lab|Log|AccessLog|Edits|Limit|Allow|Credentials|FIFO|Explain|Lessons|Console|Status|Metrics|IdleConnections)(_|$)'

on_other_systems=(./tests ./lot ./pool ./sock ./forward ./front)

test_portable() {
	gotest portable -short -skip "$same_anywhere" -tags portable -- "${on_other_systems[@]}"
}

fuzz() {
	local listing
	listing=$(git grep -lE '^func Fuzz' -- '*_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|' | xargs go test -vet=off -list '^Fuzz')
	export -f fuzz_one
	export tmp fuzztime
	awk '/^Fuzz/ { waiting[n++] = $1 } /^ok/ { while (n) print $2, waiting[--n] }' <<<"$listing" |
		xargs -P 2 -L 1 bash -c 'fuzz_one "$@"' fuzz
}

# fuzz_one PACKAGE TARGET. Two run beside each other: while one is built and linked, another one uses the processors.
fuzz_one() {
	local log=$tmp/fuzz.$2
	if go test -vet=off -run '^$' -fuzz "^$2\$" -fuzztime "$fuzztime" "$1" >"$log" 2>&1; then
		echo "  pass $1.$2: $(grep -o 'execs: [0-9]*' "$log" | tail -n 1)"
	else
		cat "$log"
		return 1
	fi
}

# flags_agree: the flags of tenfour --help are those in README.md's table, and the other way round; docs/jobs-cli.md has those of tenfour jobs. docs/settings.md is made of
# what makes --help, which config's tests look at.
flags_agree() {
	local rc=0 f
	go build -o "$tmp/tenfour" .
	"$tmp/tenfour" --help | sed -n 's/^ *--\([a-z-]*\) .*/\1/p' | sort >"$tmp/help"
	[ -s "$tmp/help" ]
	sed -n 's/^| `--\([a-z-]*\)[ `].*/\1/p' README.md | sort >"$tmp/table"
	diff -u --label "tenfour --help" --label "the table in README.md" "$tmp/help" "$tmp/table" || rc=1
	local command page
	while read -r command page; do
		"$tmp/tenfour" "$command" --help | sed -n 's/^ *--\([a-z-]*\)[ [].*/\1/p' | sort >"$tmp/$command"
		while read -r f; do
			grep -q -- "--$f" "$page" || {
				echo "$page: nothing about --$f of tenfour $command"
				rc=1
			}
		done <"$tmp/$command"
	done <<<'jobs docs/jobs-cli.md
explain docs/explain.md'
	sort -u "$tmp/help" "$tmp/jobs" "$tmp/explain" >"$tmp/known"
	# Nor may the prose name a flag of tenfour, or of its commands, that there is not. docs/performance.md speaks of the benchmark's too.
	for f in README.md docs/*.md docs/lessons/*.md; do
		if [ "$f" = docs/performance.md ]; then continue; fi
		{ grep -oE '(^|[`( ])--[a-z][a-z-]+' "$f" || true; } | sed 's/.*--//' | sort -u | comm -23 - "$tmp/known" |
			while read -r flag; do
				case $flag in
				directory | bind | help | example | cacert | unix-socket) ;; # of others, --help itself, and tenfour check
				doc | plot | rounds) ;; # of the benchmark, in docs/auto.md
				stress) ;; # of scripts/soak.sh
				parallel | parallel-immediate | no-progress-meter | connect-to | expect) ;; # of curl, in the lessons and rules.md (--expect100-timeout)
				*) echo "$f: --$flag: there is no such flag" ;;
				esac
			done >"$tmp/unknown"
		[ ! -s "$tmp/unknown" ] || {
			cat "$tmp/unknown"
			rc=1
		}
	done
	return "$rc"
}

# links_lead: every relative link in the pages leads to a file, and every test that they name exists.
links_lead() {
	local rc=0 f to name
	git grep -hoE '^func (Test|Benchmark|Fuzz)[A-Za-z0-9_]*' -- '*_test.go' | sed 's/^func //' | sort -u >"$tmp/tests"
	git ls-files --error-unmatch README.md docs/house.md >/dev/null # else there is nothing to look at, and nothing would be wrong
	for f in $(git ls-files -co --exclude-standard '*.md'); do
		while read -r to; do
			[ -e "$(dirname "$f")/${to%%#*}" ] || {
				echo "$f: $to: no such file"
				rc=1
			}
		done < <(grep -oE '\]\([^)]+\)' "$f" | sed 's/^](//; s/)$//' | grep -vE '^(https?:|#)' || true)
		while read -r name; do
			echo "$f: $name: no such test"
			rc=1
		done < <({ grep -v '^func ' "$f" | grep -oE '\b(Test|Benchmark|Fuzz)[A-Z][A-Za-z0-9_]*' || true; } | sort -u | comm -23 - "$tmp/tests") # but those of an example
	done
	return "$rc"
}

# names_exist: every function, method, type and constant that the tour of the source names in backquotes, as in `Request.Parse`, is
# declared somewhere.
names_exist() {
	local rc=0 name
	git grep -hE '^(func|type|const|var) |^[[:space:]]+[A-Za-z]+( |$)' -- '*.go' | sed -nE '
		s/^func \([a-z]+ \*?([A-Za-z]+)[^)]*\) ([A-Za-z]+).*/\1.\2\n\2/p; t
		s/^(func|type|const|var) ([A-Za-z]+).*/\2/p; t
		s/^[[:space:]]+([A-Za-z]+)( .*|$)/\1/p' | sort -u >"$tmp/declared"
	grep -oE '`[A-Za-z]+(\.[A-Za-z]+)?`' docs/reading.md | tr -d '`' | grep -vE '^[A-Z]+$|\.(go|md|sh)$' | sort -u >"$tmp/named"
	[ -s "$tmp/declared" ] && [ -s "$tmp/named" ]
	while read -r name; do
		echo "docs/reading.md: $name: nothing is called so"
		rc=1
	done < <(comm -23 "$tmp/named" "$tmp/declared")
	return "$rc"
}

# house_holds: the table of folders in docs/house.md is true. Every folder with Go code is in it, its package doc opens with the
# table's sentence, and it imports no other folders than the table allows. Tests of every folder may import tests/await.
house_holds() {
	local rc=0 folder sentence allowed doc imports i
	local -A says may
	while IFS=$'\t' read -r folder sentence allowed; do
		[ -e "$folder" ] || {
			echo "docs/house.md: $folder: there is no such folder"
			rc=1
		}
		folder=${folder%/}
		says[$folder]=$sentence
		may[$folder]=$allowed
	done < <(sed -n '/^| folder /,/^$/ s/^| `\([a-z./]*\)` | \(.*\) | \(.*\) |$/\1\t\2\t\3/p' docs/house.md | tr -d '`')
	((${#says[@]} > 0)) || {
		echo "docs/house.md: its table cannot be read"
		return 1
	}
	while IFS='|' read -r folder doc imports; do
		[ -n "${says[$folder]:-}" ] || {
			echo "$folder: a new folder: give it a row in the table of docs/house.md, with its sentence and what it may import"
			rc=1
			continue
		}
		doc=${doc#* * } # without "Package NAME"
		[ "${doc%.}" = "${says[$folder]}" ] || {
			printf '%s: its package doc must open with the sentence of docs/house.md:\n  doc:   %s\n  table: %s\n' "$folder" "${doc%.}" "${says[$folder]}"
			rc=1
		}
		[ "${may[$folder]}" = everything ] && continue
		for i in $imports; do
			[[ $i == "$folder" || ", ${may[$folder]}, " == *", $i, "* ]] || {
				echo "$folder imports $i, which the table of docs/house.md does not allow"
				rc=1
			}
		done
	done < <(go list -f '{{.ImportPath}}|{{.Doc}}|{{range .Imports}}{{.}} {{end}}{{range .TestImports}}{{if ne . "tenfour/tests/await"}}{{.}} {{end}}{{end}}{{range .XTestImports}}{{if ne . "tenfour/tests/await"}}{{.}} {{end}}{{end}}' ./... | awk -F '|' -v OFS='|' '
		{ sub("^tenfour/", "", $1); if ($1 == "tenfour") $1 = "main.go"
		  n = split($3, all, " "); ours = ""
		  for (i = 1; i <= n; i++) if (sub("^tenfour/", "", all[i])) ours = ours all[i] " "
		  print $1, $2, ours }')
	return "$rc"
}

# words_plain: no comment, test name or page takes a thing for a person: who, whoever, nobody and the like are for people only, and
# place is "in front of" or "after". Nor does it use a word that only one author knows.
words_plain() {
	local rc=0 bad='[Ww]ho|[Ww]hom|[Ww]hoever|[Nn]obody|[Ss]omebody|[Aa]nybody|[Ee]verybody|[Ss]omeone|[Aa]nyone|[Ee]veryone|[Hh]e|[Hh]im|[Hh]is|[Hh]imself|[Bb]ehind'
	local private='[Ee]ntrants?|[Ll]enders?|[Mm]um|seeOff|[Hh]eeds?|[Uu]nsaid|[Rr]ouses?|[Cc]alm|[Uu]pstream|[Dd]ownstream|[Pp]ayload|[Ff]ooters|[Tt]runcated|[Dd]esync|[Tt]hrottled?' # words of one author, and words that the field uses for something else
	local pages
	pages=$(git ls-files -co --exclude-standard '*.md' | grep -v '^docs/settings.md$') # that one is made from config/
	# shellcheck disable=SC2086 # several pages
	grep -nwE "$bad" $pages && rc=1
	git ls-files -co --exclude-standard '*.go' | xargs grep -nHwE "//.*\b($bad)\b" && rc=1
	git ls-files -co --exclude-standard '*_test.go' | xargs grep -nHE '^func (Test|Fuzz|Benchmark)\w*(Who[A-Z]|Whoever|[a-z]Who\b|Nobody|Somebody|Everybody|Anybody|Behind)' && rc=1
	# shellcheck disable=SC2086 # several pages
	grep -nwE "$private" $pages && rc=1
	git ls-files -co --exclude-standard '*.go' | xargs grep -nHE "(//.*|^(func|type)( \([^)]*\))? \w*)\b($private)\b" && rc=1
	# What people read while it runs: texts in the code, but for names such as nobody.invalid.
	git ls-files -co --exclude-standard '*.go' | grep -v '_test.go$' | xargs grep -nHE "\"[^\"]*\b($bad)\b[^\".]*\"" && rc=1
	((rc == 0)) || echo "plain words: a connection, a goroutine or a request is \"it\"; write \"the client that …\", \"no request\", \"after\""
	return "$rc"
}

# no_sleep: no test sleeps and hopes. It awaits an event (tests/await), or has a clock of its own (testing/synctest, in limit/). What
# paces a slow peer is await.Pace.
no_sleep() {
	local rc=0
	git ls-files -co --exclude-standard '*_test.go' | grep -v '^limit/' | xargs grep -nHE 'time\.Sleep\(' && rc=1
	grep -LF testing/synctest $(grep -lF 'time.Sleep(' limit/*_test.go) | grep . && rc=1
	((rc == 0)) || echo "a test that sleeps: await an event (await.Until, await.Value), or say that it paces a peer (await.Pace)"
	return "$rc"
}

# walk_shown: docs/walk.md has the files, the handovers and the calls back up of a GET as they are.
walk_shown() {
	local os
	os=$(go env GOOS)
	[ "$os" = linux ] || return 0 # elsewhere a GET passes other files
	go run ./tests/walk -check
}

# readme: the recipes run in any order: in that of the page, and then the other way round.
readme() {
	local all page=README.md
	recipes $page
	mapfile -t all < <(ls "$tmp"/recipes/*)
	((${#all[@]} > 1)) || {
		echo "$page: it has no blocks marked console"
		return 1
	}
	run_recipes "${all[@]}"
	mapfile -t all < <(printf '%s\n' "${all[@]}" | sort -r)
	run_recipes "${all[@]}"
}

# job_recipes: those of docs/recipes.md, once, with the program of this tree.
job_recipes() {
	local page=docs/recipes.md
	GOFLAGS=${GOFLAGS/-pgo=off/} go build .
	recipes $page
	run_recipes "$tmp"/recipes/*
}

# lessons: every command of docs/lessons/, docs/rules.md and docs/bytes.md shows what its page says.
lessons() {
	export program=$tmp/program/tenfour # another step may write ./tenfour meanwhile
	GOFLAGS=${GOFLAGS/-pgo=off/} go build -o "$program" .
	run_lessons docs/rules.md docs/lessons/[0-9]*.md docs/bytes.md
}

began=$(seconds)
command -v go >/dev/null || {
	echo "test.sh: Go is not installed: https://go.dev/dl/" >&2
	exit 1
}
export GOFLAGS="${GOFLAGS:-} -buildvcs=false -pgo=off" # a clone may belong to another user; with the profile all is compiled a second time
need_tools
echo "$(go version), $(getconf _NPROCESSORS_ONLN) processors, $(uname -sr)"
go mod download

# What looks at no clock runs beside the tests, which mostly wait.
lookers() {
	when_idle
	step vet vet
	step compile compile
	step staticcheck go tool staticcheck ./...
	step build build_all
	step "test plain: packages without a goroutine" test_quiet
	step "scripts: tally" python3 scripts/tally_test.py
	step "docs: flags" flags_agree
	step "docs: links and tests" links_lead
	step "docs: names" names_exist
	step "docs: go doc" go run ./tests/godoc
	step "docs: house" house_holds
	step "docs: words" words_plain
	step "no sleep" no_sleep
	step "docs: walk" walk_shown
	step "fuzz $fuzztime each" fuzz
}

# What is about the pages has ports of its own.
teachers() {
	step "docs: lessons" lessons
}

step fmt check_fmt
beside lookers
step "test race" test_race
step "test plain: single tests" test_plain
step "test portable" test_portable
together
step "test plain: what is measured" test_measured
beside teachers
step "docs: README's commands" readme
step "docs: recipes" job_recipes
step "demo" scripts/demo.sh --quick --port 18000 --backend-port 18001 # others may have its usual ports
together

echo
refuse_skips
count() { awk -F '\t' -v o="$1" '$1 == o' "$results" | wc -l; }
if [ "$(count skip)" != 0 ]; then
	echo "skipped:"
	awk -F '\t' '$1 == "skip" { print "  " $2 " (" $3 ")" }' "$results"
fi
if [ "$(count unsteady)" != 0 ]; then
	echo "unsteady:"
	awk -F '\t' '$1 == "unsteady" { print "  " $2 ": " $3 }' "$results"
	sed 's/^/    /' "$results.said"
fi
if [ "$(count fail)" != 0 ]; then
	echo "failed:"
	awk -F '\t' '$1 == "fail" { print "  " $2 }' "$results"
fi
echo "$(($(seconds) - began)) s in $root"
passed=$(($(count pass) + $(count unsteady))) failed=$(count fail) skipped=$(count skip)
if ((passed + failed == 0)); then
	echo "no step is called ${only[*]}" >&2
	failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))

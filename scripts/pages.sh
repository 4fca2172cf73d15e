# shellcheck shell=bash
# pages.sh: runs the blocks of a page that are marked "console", as its readers would. test.sh sources it, and sets $tmp.
#
# In README.md and docs/recipes.md a block is a recipe: its commands, pasted into one shell, must succeed.
# In docs/lessons/, docs/rules.md and docs/bytes.md a page is one lesson: its blocks are one shell, and each command must show the lines that stand under it.

# recipes PAGE: the recipes of a page, a file for each in $tmp/recipes: the lines after "$ ".
recipes() {
	rm -rf "$tmp/recipes"
	mkdir "$tmp/recipes"
	awk -v to="$tmp/recipes/" '/^```console/ { on = 1; n++; next } /^```/ { on = 0 } on && sub(/^\$ /, "") { print >(to sprintf("%02d", n)) }' "$1"
}

# ab_without_failures is what "ab" is in a recipe: the same, but a request that fails ends it.
ab_without_failures() {
	command ab "$@" >"$tmp/ab" 2>&1 || { cat "$tmp/ab"; return 1; }
	grep -E '^(Requests per second|Failed requests|Non-2xx)' "$tmp/ab" | sed 's/^/    /'
	grep -qE '^Failed requests: +0$' "$tmp/ab" && ! grep -q '^Non-2xx' "$tmp/ab"
}

# taken_ports prints which of the recipes' ports a process listens on.
taken_ports() {
	local port
	for port in 8000 8443 9001 9002; do
		if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port"; fi
	done
}

# leaves_nothing fails when the shell has processes left, and ends them.
leaves_nothing() {
	local left
	left=$(jobs -pr)
	[ -n "$left" ] || return 0
	echo "this leaves processes: $left"
	# shellcheck disable=SC2086 # several
	kill $left
	return 1
}

# run_recipes FILE...: all of them, each in a shell of its own. Each ends what it started: it leaves no process, and
# no port that is taken. Two need more than that every command succeeds, so that they show what the page says of them.
run_recipes() {
	local recipe taken said=$tmp/recipe.log
	for recipe in "$@"; do
		sed 's/^/  $ /' "$recipe"
		taken=$(taken_ports | xargs)
		if [ -n "$taken" ]; then
			echo "$page: in front of this recipe, a process listens on the port $taken: end it, or the recipe that left it"
			return 1
		fi
		(
			set -euo pipefail
			ab() { ab_without_failures "$@"; }
			GOFLAGS=${GOFLAGS/-pgo=off/} # as a reader builds it
			# shellcheck disable=SC1090 # it is made from the page
			source "$recipe"
			leaves_nothing
		) >"$said" 2>"$said.err" &
		if ! wait $!; then
			cat "$said" "$said.err"
			echo "$page: this recipe fails"
			return 1
		fi
		grep -hE '^    (Requests|Failed|Non-2xx)' "$said" || true
		if grep -q 'lab restart' "$recipe" && ! grep -q "is up again" "$said.err"; then
			cat "$said" "$said.err"
			echo "$page: this recipe has met no restart"
			return 1
		fi
		if grep -q -- '--limit 10/1m' "$recipe" && ! grep -qE '(200 ){10}429' "$said"; then
			cat "$said" "$said.err"
			echo "$page: ten calls pass and the eleventh does not: this recipe does not show it"
			return 1
		fi
	done
}

# ---- lessons -----------------------------------------------------------------------------------------------------

# In what a command must show, … stands for anything in a line, and a line of … for any number of lines. A command that ends with
# "& name=$!" goes on beside the others: the lines under it are the first that it shows, and the next command waits for them. Lines
# that begin with "> " are typed into the command above them.

lesson_takes=300 # seconds at most; the longest, rules.md, takes about 8
patience=60      # seconds that a command in the background may take until it shows its lines; they are there at once on an idle machine

# run_lessons PAGE...: two at a time, because they mostly wait. $program is tenfour.
run_lessons() {
	export tmp root program lesson_takes patience
	printf '%s\n' "$@" | xargs -P 2 -n 1 bash -c 'source "$root/scripts/pages.sh"; run_lesson "$1"' lesson
}

# run_lesson PAGE: all its commands, in an empty directory in which ./tenfour is the program.
run_lesson() {
	local name dir
	name=$(basename "$1" .md)
	dir=$tmp/lesson.$name
	mkdir "$dir"
	case $name in # which ports it has
	[0-9]*) lesson "$1" "$dir" $((10#${name%%-*})) ;;
	rules) lesson "$1" "$dir" 11 ;;
	bytes) lesson "$1" "$dir" 12 ;;
	esac
	if ! timeout "$lesson_takes" bash -c 'source "$root/scripts/pages.sh"; play "$1"' lesson "$dir" >"$dir/log" 2>&1; then
		cat "$dir/log"
		echo "$1: this lesson fails"
		return 255 # xargs begins no other
	fi
	echo "  $1: $(find "$dir" -name '*.command' | wc -l) commands"
}

# lesson PAGE DIRECTORY NUMBER: makes of the page the script DIRECTORY/script, and for its command N the files N.command, N.want and N.typed. A
# command in the background has the file N.goes-on. Its ports become free ones.
lesson() {
	local ports
	read -ra ports < <(free_ports "$3")
	# As on a terminal, tenfour logs in text. Its console has a port of its own, because another lesson runs beside this one.
	cat >"$2/tenfour" <<-WRAPPER
		#!/bin/sh
		case "\$*" in
		*--listen*) exec "$program" --log-format text "\$@" ;;
		--*) exec "$program" --log-format text --listen 127.0.0.1:${ports[0]} --console 127.0.0.1:${ports[3]} "\$@" ;;
		esac
		exec "$program" "\$@"
	WRAPPER
	chmod +x "$2/tenfour"
	sed -E "s/\b8000\b/${ports[0]}/g; s/\b9001\b/${ports[1]}/g; s/\b9002\b/${ports[2]}/g; s/\b8900\b/${ports[3]}/g; s/\b8443\b/${ports[4]}/g" "$1" | awk -v to="$2/" '
		/^```console/ { on = 1; next }
		/^```/ { on = 0 }
		!on { next }
		sub(/^\$ /, "") {
			n++
			if (/& [a-z]+=\$!( # [A-Z0-9]+)?$/) printf "" >(to n ".goes-on")
			printf "" >(to n ".want")
			printf "" >(to n ".typed")
			printf "{ %s\n} >%d.got 2>&1 <%d.typed\nended %d\n", $0, n, n, n >(to "script")
			print >(to n ".command")
			next
		}
		n && sub(/^> ?/, "") { print >(to n ".typed"); next }
		{ print >(to n ".want") }'
}

# free_ports NUMBER: five ports for this lesson on which no process listens. They have four digits, as those on the pages have, so that
# lengths stay as they are. No two lessons have the same.
free_ports() {
	python3 - "$1" <<'PYTHON'
import random, socket, sys

first = 5000 + 200 * int(sys.argv[1])
found = []
for port in random.sample(range(first, first + 200), 200):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            continue
    found.append(str(port))
print(*found[:5])
PYTHON
}

# play DIRECTORY: runs a lesson's script.
play() {
	cd "$1" || return 1
	# shellcheck disable=SC1091 # it is made from the page
	source ./script
	leaves_nothing
}

# ended N: in a lesson's script, after its command N. It ends the lesson unless the command has shown what it must.
ended() {
	local more= until=$((SECONDS + patience))
	[ ! -e "$1.goes-on" ] || more=yes
	until shows "$1.got" "$1.want" "$more"; do
		if [ -z "$more" ] || ((SECONDS >= until)); then
			echo "  \$ $(cat "$1.command")"
			echo "does not show what stands under it:"
			diff -u --label "on the page" "$1.want" --label "what it shows" <(tr -d '\r' <"$1.got")
			kill 0 # all that the lesson has started: timeout made it a process group of its own
		fi
		sleep 0.05
	done
}

# shows GOT WANT MORE: whether the lines of the file GOT are those of WANT. If MORE is not empty, further ones may follow.
shows() {
	local got want i=0 line skip=
	mapfile -t got < <(tr -d '\r' <"$1")
	mapfile -t want <"$2"
	for line in "${want[@]}"; do
		if [ "$line" = … ]; then
			skip=yes
			continue
		fi
		while ((i < ${#got[@]})) && ! alike "${got[i]}" "$line"; do
			[ -n "$skip" ] || return 1
			i=$((i + 1))
		done
		((i < ${#got[@]})) || return 1
		i=$((i + 1))
		skip=
	done
	[ -n "$skip$3" ] || ((i == ${#got[@]}))
}

# alike GOT WANT: whether a line is as it should be, where … is anything.
alike() {
	local pattern
	pattern=$(sed 's/[][\\*?]/\\&/g; s/…/*/g' <<<"$2")
	# shellcheck disable=SC2053 # it is a pattern
	[[ $1 == $pattern ]]
}

# dependents.awk: the top-level tests that use a name, themselves or by functions of theirs. It reads Go files that gofmt has formatted.
#
#   awk -v name=underRace -f dependents.awk *_test.go
#
# A method counts as a function of its name: it may list a test too many, and none too few.
/^func / {
	line = $0
	sub(/^func (\([^)]*\) )?/, "", line)
	match(line, /^[A-Za-z0-9_]+/)
	in_func = substr(line, 1, RLENGTH)
	known[in_func] = 1
}
in_func != "" {
	line = $0
	sub(/\/\/ .*/, "", line)
	sub(/^func (\([^)]*\) )?[A-Za-z0-9_]+/, "", line)
	while (match(line, /[A-Za-z_][A-Za-z0-9_]*/)) {
		uses[in_func, substr(line, RSTART, RLENGTH)] = 1
		line = substr(line, RSTART + RLENGTH)
	}
}
/^}/ || /^func .*}$/ { in_func = "" }
END {
	depends[name] = 1
	do {
		found = 0
		for (pair in uses) {
			split(pair, p, SUBSEP)
			if (!(p[1] in depends) && p[2] in depends) found = depends[p[1]] = 1
		}
	} while (found)
	for (f in depends) if (f ~ /^Test[^a-z]/) print f
}

#!/usr/bin/env python3
"""Counts tests: reads the lines of `go test -json` and writes one line a test to a file, for test.sh.

usage: go test -json ... | tally.py STEP RESULTS

RESULTS gets a line "outcome<TAB>step: package.Test<TAB>reason" for each top-level test, and for each subtest that was
skipped. On stdout: a line a package as it ends, and all that a failed test has said. Exit 1 when something failed.
"""
import collections
import json
import sys


def main():
    step, results = sys.argv[1:]
    said = collections.defaultdict(list)  # output by (package, test); of a build, by its package
    wrong, tests = set(), 0  # packages with a failure; tests that ended
    running = collections.defaultdict(set)  # top-level tests that have begun and not ended, by package
    with open(results, "a", encoding="utf-8") as out:

        def note(outcome, name, reason=""):
            out.write("\t".join((outcome, f"{step}: {name}", " ".join(reason.split()))) + "\n")

        for line in sys.stdin:
            try:
                ev = json.loads(line)
            except ValueError:  # go itself speaks
                print("  " + line.rstrip(), flush=True)
                continue
            pkg, test, action = ev.get("Package") or ev.get("ImportPath", ""), ev.get("Test"), ev.get("Action")
            if action in ("output", "build-output"):
                said[pkg, test].append(ev["Output"])
            elif action == "build-fail":
                say(said[pkg, test])
            elif action == "run" and "/" not in test:
                running[pkg].add(test)
            elif action not in ("pass", "fail", "skip"):
                continue
            elif test is None:
                if action == "fail" and pkg not in wrong:
                    # It did not build, panicked, or ran out of time.
                    wrong.add(pkg)
                    note("fail", pkg)
                    say(said[pkg, None])
                for name in sorted(running.pop(pkg, ())):  # it panicked, or ran out of time, in the middle of these
                    note("fail", f"{pkg}.{name}: it did not end")
                elapsed = ev.get("Elapsed", 0)
                if action != "skip":
                    print(f"  {action} {pkg} {elapsed:.1f} s", flush=True)
            else:
                tests += 1
                running[pkg].discard(test)
                if action == "fail":
                    wrong.add(pkg)
                    say(said[pkg, test])
                if "/" not in test:
                    reason = why(said[pkg, test]) if action == "skip" else ""
                    note(action, f"{pkg}.{test}", reason)
                elif action == "skip":
                    note(action, f"{pkg}.{test}", why(said[pkg, test]))
            if action in ("pass", "skip") and test:
                said.pop((pkg, test), None)
        if tests == 0 and not wrong:
            wrong.add("")
            note("fail", "there is no test")
    sys.exit(bool(wrong))


def say(lines):
    """Prints what a test said, without go's notes of when it ran."""
    print("".join("  " + s for s in lines if not s.lstrip().startswith("=== ")), end="", flush=True)


def why(lines):
    """What a skipped test gave as its reason."""
    return " ".join(s.strip() for s in lines if not s.lstrip().startswith(("=== ", "--- "))) or "no reason given"


main()

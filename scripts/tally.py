#!/usr/bin/env python3
"""Runs go test and counts its tests, for test.sh. A test that fails is run again by itself.

usage: tally.py STEP RESULTS FLAG... -- PACKAGE...

RESULTS gets a line "outcome<TAB>step: package.Test<TAB>reason" for each top-level test, and for each subtest that was
skipped. On stdout: a line a package as it ends, and all that a failed test has said. Exit 1 when something failed.

A test that failed runs again with the same flags: alone, TIMES times, and then once in the company in which it failed. That is its
whole package, or the tests that ran beside it if the package takes longer than SHORT. If all of that passes, its outcome is "unsteady":
it is a bug of the test or of tenfour that shows now and then, and RESULTS.said gets what the test said. A panic, a data race, a
goroutine that was left, a package that does not build, runs out of time or ends before its tests have ended are never run again, nor
are more than MOST failures.
"""
import collections
import json
import re
import subprocess
import sys

TIMES = 5
MOST = 5
SHORT = 60  # seconds
# What a package says where a second run would hide a bug; and what a test that failed says in such a case, perhaps of another process.
FATAL = re.compile(r"DATA RACE|^\s*panic: |^fatal error: |goleak: ", re.MULTILINE)
GRAVE = re.compile(r"DATA RACE|panic: |fatal error: |goleak|unexpected goroutines|exit status 66|signal: (aborted|segmentation)")


class Run:
    """One run of go test: what each test said, and how it ended."""

    def __init__(self):
        self.said = collections.defaultdict(list)  # output by (package, test); of a build, by its package
        self.running = collections.defaultdict(set)  # top-level tests that have begun and not ended, by package
        self.beside = collections.defaultdict(set)  # top-level tests that ran at some time while this one (package, test) ran
        self.paused = set()  # (package, test)
        self.took = {}  # seconds, by package
        self.ended = []  # (outcome, name, reason) of each test that counts
        self.failed = {}  # (package, test) that a second run may clear: what it said
        self.fatal = set()  # packages of which no test may be run again
        self.began = set()  # packages

    def go(self, args):
        """Runs go test, and returns whether all that there was has passed."""
        command = ["go", "test", "-json"] + args
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as test:
            for line in test.stdout:
                try:
                    self.event(json.loads(line))
                except ValueError:  # go itself speaks
                    print("  " + line.rstrip(), flush=True)
        for pkg in sorted(self.began - self.took.keys()):
            self.end_package(pkg, "fail", 0)
        if test.returncode != 0 and not self.failed and not any(outcome == "fail" for outcome, _, _ in self.ended) or test.returncode < 0:
            self.ended.append(("fail", f"go test ended with {test.returncode}", ""))
        return test.returncode == 0

    def event(self, ev):
        pkg, test, action = ev.get("Package") or ev.get("ImportPath", ""), ev.get("Test"), ev.get("Action")
        if action in ("output", "build-output"):
            self.said[pkg, test].append(ev["Output"])
            if FATAL.search(ev["Output"]):
                self.fatal.add(pkg)
        elif action == "build-fail":
            say(self.said[pkg, test])
        elif action == "start":
            self.began.add(pkg)
        elif action in ("run", "pause", "cont") and "/" not in test:
            self.go_on(pkg, test, action)
        elif action in ("pass", "fail", "skip"):
            if test is None:
                self.end_package(pkg, action, ev.get("Elapsed", 0))
            else:
                self.end_test(pkg, test, action)

    def go_on(self, pkg, test, action):
        """Notes which tests run beside each other."""
        self.running[pkg].add(test)
        if action == "pause":
            self.paused.add((pkg, test))
            return
        self.paused.discard((pkg, test))
        for other in self.running[pkg]:
            if (pkg, other) not in self.paused:
                self.beside[pkg, test].add(other)
                self.beside[pkg, other].add(test)

    def end_package(self, pkg, action, elapsed):
        self.took[pkg] = elapsed
        if action == "fail" and (not any(p == pkg for p, _ in self.failed) or "FAIL\n" not in self.said[pkg, None]):
            # It did not build, panicked, left a goroutine, ran out of time, or was ended.
            self.ended.append(("fail", pkg, ""))
            self.fatal.add(pkg)
            say(self.said[pkg, None])
        for name in sorted(self.running.pop(pkg, ())):  # it panicked, or ran out of time, in the middle of these
            self.ended.append(("fail", f"{pkg}.{name}: it did not end", ""))
            self.fatal.add(pkg)
        if action != "skip":
            print(f"  {action} {pkg} {elapsed:.1f} s", flush=True)

    def end_test(self, pkg, test, action):
        top = test.partition("/")[0]
        self.running[pkg].discard(test)
        if action == "fail":
            said = plain(self.said[pkg, test])
            say(said)
            self.failed[pkg, top] = self.failed.get((pkg, top), "") + "".join("  " + s for s in said)
        elif action == "skip" or test == top:
            self.ended.append((action, f"{pkg}.{test}", why(self.said[pkg, test]) if action == "skip" else ""))
        if action in ("pass", "skip"):
            self.said.pop((pkg, test), None)


def main():
    step, results = sys.argv[1:3]
    split = sys.argv.index("--")
    flags, packages = sys.argv[3:split], sys.argv[split + 1 :]
    run = Run()
    passed = run.go(flags + packages)
    if not run.ended and not run.failed:
        run.ended.append(("fail", "there is no test", ""))
    for (pkg, test), said in run.failed.items():
        name = f"{pkg}.{test}"
        grave = pkg in run.fatal or GRAVE.search(said)
        if len(run.failed) <= MOST and not grave and passes_alone(pkg, test, flags) and passes_in_company(run, pkg, test, flags):
            run.ended.append(("unsteady", name, f"failed once, passed {TIMES} of {TIMES} alone, and in company"))
            with open(results + ".said", "a", encoding="utf-8") as out:
                out.write(f"{step}: {name}\n{said}")
        else:
            run.ended.append(("fail", name, ""))
    lines = ["\t".join((outcome, f"{step}: {name}", " ".join(reason.split()))) + "\n" for outcome, name, reason in run.ended]
    with open(results, "ab", buffering=0) as out:  # in one write: another run may write to it too
        out.write("".join(lines).encode())
    outcomes = {outcome for outcome, _, _ in run.ended}
    sys.exit("fail" in outcomes or not passed and "unsteady" not in outcomes)


def passes_alone(pkg, test, flags):
    """Runs a test that failed again, by itself."""
    print(f"  again, {TIMES} times alone: {pkg}.{test}", flush=True)
    run = Run()
    return run.go(flags + [f"-count={TIMES}", "-run", f"^{test}$", pkg]) and not run.fatal


def passes_in_company(first, pkg, test, flags):
    """Runs a test that failed again as it ran in the first run: another test may be what makes it fail. That no goroutine is left is looked
    at only where all tests of a package pass."""
    company = "its package"
    if first.took[pkg] > SHORT:
        company = "|".join(sorted(first.beside[pkg, test]))
        flags = flags + ["-run", f"^({company})$"]
    print(f"  again, with {company}: {pkg}.{test}", flush=True)
    run = Run()
    return run.go(flags + ["-count=1", pkg]) and not run.fatal


def plain(lines):
    """What a test said, without go's notes of when it ran."""
    return [s for s in lines if not s.lstrip().startswith("=== ")]


def say(lines):
    print("".join("  " + s for s in plain(lines)), end="", flush=True)


def why(lines):
    """What a skipped test gave as its reason."""
    return " ".join(s.strip() for s in plain(lines) if not s.lstrip().startswith("--- ")) or "no reason given"


main()

#!/usr/bin/env python3
"""Tests tally.py with packages that fail in each way. usage: tally_test.py"""
import os
import pathlib
import subprocess
import sys
import tempfile

TALLY = pathlib.Path(__file__).with_name("tally.py")

# A package each: its test file after the imports, and the outcomes that are wanted, without "step: m/package".
PACKAGES = {
    "passes": ("func TestIt(t *testing.T) {}", {".TestIt": "pass"}),
    "skips": ('func TestIt(t *testing.T) { t.Skip("no reason") }', {".TestIt": "skip"}),
    "once": (  # fails the first time only
        """func TestIt(t *testing.T) {
	t.Run("in it", func(t *testing.T) {
		if f, err := os.OpenFile("met", os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			f.Close()
			t.Error("not yet")
		}
	})
}
func TestOther(t *testing.T) {}""",
        {".TestIt": "unsteady", ".TestOther": "pass"},
    ),
    "often": (  # fails the first and the fifth time
        """func TestIt(t *testing.T) {
	all, _ := os.ReadFile("met")
	os.WriteFile("met", append(all, 'x'), 0o600)
	if len(all) == 0 || len(all) == 4 {
		t.Error("again")
	}
}""",
        {".TestIt": "fail"},
    ),
    "panics": ('func TestIt(t *testing.T) { panic("a bug") }', {"": "fail", ".TestIt": "fail"}),
    "races": (
        """func TestIt(t *testing.T) {
	if _, err := os.Stat("met"); err != nil {
		os.WriteFile("met", nil, 0o600)
		t.Error("WARNING: DATA RACE")
	}
}""",
        {".TestIt": "fail"},
    ),
    "told": (  # of another process
        """func TestIt(t *testing.T) {
	if _, err := os.Stat("met"); err != nil {
		os.WriteFile("met", nil, 0o600)
		t.Error("tenfour ended with 2: panic: a bug")
	}
}""",
        {".TestIt": "fail"},
    ),
    "in_company": (  # fails whenever another test ran first
        """var met bool
func TestA(t *testing.T) { met = true }
func TestIt(t *testing.T) {
	if met {
		t.Error("A has left something")
	}
}""",
        {".TestA": "pass", ".TestIt": "fail"},
    ),
    "leaks_too": (  # a test that fails hides what its package looks for only when all pass
        """func TestIt(t *testing.T) {
	if f, err := os.OpenFile("met", os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		f.Close()
		t.Error("not yet")
	}
}
func TestLeak(t *testing.T) { left = true }
var left bool
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && left {
		println("goleak: a goroutine is left")
		code = 1
	}
	os.Exit(code)
}""",
        {".TestIt": "fail", ".TestLeak": "pass"},
    ),
    "ends": ('func TestIt(t *testing.T) { os.Exit(1) }\nfunc TestNever(t *testing.T) {}', {"": "fail", ".TestIt: it did not end": "fail"}),
    "ends_with_0": ('func TestIt(t *testing.T) { os.Exit(0) }', {"": "fail", ".TestIt": "fail"}),
    "ends_after_a_failure": (  # and passes from then on
        """var first bool
func TestIt(t *testing.T) {
	if f, err := os.OpenFile("met", os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		f.Close()
		first = true
		t.Error("not yet")
	}
}
func TestNext(t *testing.T) {
	if first {
		os.Exit(1)
	}
}""",
        {".TestIt": "fail", "": "fail", ".TestNext: it did not end": "fail"},
    ),
    "is_killed": (
        """func TestIt(t *testing.T) {
	p, _ := os.FindProcess(os.Getpid())
	p.Kill()
	select {}
}""",
        {"": "fail", ".TestIt: it did not end": "fail"},
    ),
    "is_late": ("func TestIt(t *testing.T) { <-make(chan int) }", {"": "fail", ".TestIt: it did not end": "fail"}),
    "leaks": (
        """func TestIt(t *testing.T) {}
func TestMain(m *testing.M) { m.Run(); os.Exit(1) }""",
        {".TestIt": "pass", "": "fail"},
    ),
    "builds_not": ("func TestIt(t *testing.T) { it() }", {"": "fail"}),
    "many": (  # more fail than are run again
        "\n".join(
            f"""func Test{i}(t *testing.T) {{
	if os.Getenv("AGAIN") == "" {{ t.Error("no") }}
}}"""
            for i in range(6)
        ),
        {f".Test{i}": "fail" for i in range(6)},
    ),
}


def main():
    with tempfile.TemporaryDirectory() as at:
        root = pathlib.Path(at)
        (root / "go.mod").write_text("module m\n\ngo 1.24\n")
        wrong = [line for name, (code, want) in PACKAGES.items() for line in differs(root, name, code, want)]
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))


def differs(root, name, code, want):
    """Runs the tests of a package, and returns what is wrong with the results."""
    (root / name).mkdir()
    (root / name / "x_test.go").write_text(f'package x\n\nimport (\n\t"os"\n\t"testing"\n)\n\nvar _ = os.Args\n\n{code}\n')
    results = root / (name + ".results")
    timeout = "2s" if name == "is_late" else "1m"
    command = [sys.executable, str(TALLY), "step", str(results), "-vet=off", "-count=1", "-timeout", timeout, "--", "./" + name]
    run = subprocess.run(command, cwd=root, env={**os.environ, "GOFLAGS": "-mod=mod"}, stdout=subprocess.PIPE, text=True, check=False)
    got = dict(reversed(line.split("\t")[:2]) for line in results.read_text().splitlines())
    if got != {f"step: m/{name}{test}": outcome for test, outcome in want.items()}:
        yield f"tally.py: {name}: got {got}, want {want}\n{run.stdout}"
    if run.returncode != int("fail" in want.values()):
        yield f"tally.py: {name}: exit {run.returncode}\n{run.stdout}"
    said = pathlib.Path(str(results) + ".said")
    if said.exists() != ("unsteady" in want.values()) or said.exists() and "not yet" not in said.read_text():
        yield f"tally.py: {name}: what an unsteady test said is missing, or is there without one"


main()

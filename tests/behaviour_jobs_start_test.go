package tests

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenfour/program"
)

// jobsDir is a directory for jobs that is not made yet.
func jobsDir(t testing.TB) string { return filepath.Join(t.TempDir(), "data") }

// TestJobs_noDirectoryWithoutAsync: nor does check make one.
func TestJobs_noDirectoryWithoutAsync(t *testing.T) {
	t.Parallel()
	data := jobsDir(t)
	tf := startTenfour(t, nil, "--data", data)
	tf.get(t, "/")
	if code, _, wrong := checkedAs("--async", "--data", data, "--listen", "127.0.0.1:0"); code != program.Stopped {
		t.Errorf("check left with %d: %s", code, wrong)
	}
	if _, err := os.Lstat(data); err == nil {
		t.Error("the directory of jobs was made")
	}
}

// TestJobs_theDirectoryIsForItsUserAlone, with all that is in it.
func TestJobs_theDirectoryIsForItsUserAlone(t *testing.T) {
	t.Parallel()
	data := jobsDir(t)
	startTenfour(t, nil, "--async", "--data", data)
	found := 0
	err := filepath.Walk(data, func(path string, info os.FileInfo, err error) error {
		found++
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil || found < 3 {
		t.Errorf("%d files, %v", found, err)
	}
}

// TestJobs_startIsRefusedInWords when the directory cannot be used: it ends with 1 and has answered no client. check says the same.
func TestJobs_startIsRefusedInWords(t *testing.T) {
	t.Parallel()
	used := jobsDir(t)
	startTenfour(t, nil, "--async", "--data", used)
	damaged := t.TempDir()
	writeFile(t, filepath.Join(damaged, "jobs.db"), strings.Repeat("text\n", 10_000))
	path := socketPath(t)
	for data, words := range map[string]string{
		used:    fmt.Sprintf("lock: another process uses it (number %d): stop it, or choose another directory", os.Getpid()),
		damaged: "jobs.db: the file is damaged (invalid database). It is left as it is: put back a copy of the directory, or move the directory away to start without its jobs",
	} {
		args := []string{"--async", "--data", data, "--listen", "unix:" + path}
		want := "jobs cannot be kept: " + data + "/" + words + "\n"
		if started, code, wrong := starts(args...); started || code != program.Failed || wrong != want {
			t.Errorf("it answered clients: %t, left with %d and\n%swant\n%s", started, code, wrong, want)
		}
		if code, _, wrong := checkedAs(args...); code != program.Failed || wrong != want {
			t.Errorf("check left with %d and\n%swant\n%s", code, wrong, want)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Error("the socket that it opened before is left")
		}
	}
}

// TestJobs_aReloadBeginsToKeepThem: it opens the directory, a directory that cannot be used is refused, and another one later changes nothing.
func TestJobs_aReloadBeginsToKeepThem(t *testing.T) {
	t.Parallel()
	data, damaged := jobsDir(t), t.TempDir()
	writeFile(t, filepath.Join(damaged, "jobs.db"), strings.Repeat("text\n", 10_000))
	tf := startReloadable(t, "")
	async := func(data string) string { return fmt.Sprintf("async = true\ndata = %q\n", data) }
	tf.reload(t, async(damaged), "the configuration is wrong: the running configuration stays")
	if !strings.Contains(tf.log.String(), "jobs cannot be kept: "+damaged) {
		t.Errorf("the log does not say why:\n%s", tf.log)
	}
	tf.reload(t, async(data), reloaded)
	if !strings.Contains(tf.log.String(), "jobs are kept in "+data) {
		t.Errorf("the log does not say where:\n%s", tf.log)
	}
	tf.reload(t, async(jobsDir(t)), "data cannot change while tenfour runs: restart tenfour to change it")
	if started, code, wrong := starts("--async", "--data", data, "--listen", "127.0.0.1:0"); started || code != program.Failed || !strings.Contains(wrong, "another process uses it") {
		t.Errorf("a second tenfour in the directory answered clients: %t, left with %d and %s", started, code, wrong)
	}
	tf.reload(t, "", reloaded) // and now without async: the directory stays open, because of the jobs in it
	if _, code, _ := starts("--async", "--data", data, "--listen", "127.0.0.1:0"); code != program.Failed {
		t.Errorf("a second tenfour in the directory left with %d", code)
	}
}

// TestJobs_theNextStartHasTheDirectory that the one before has left.
func TestJobs_theNextStartHasTheDirectory(t *testing.T) {
	t.Parallel()
	data := jobsDir(t)
	for range 2 {
		if started, code, wrong := starts("--async", "--data", data, "--listen", "127.0.0.1:0"); !started || code != program.Stopped {
			t.Errorf("it answered clients: %t, left with %d and %s", started, code, wrong)
		}
	}
}

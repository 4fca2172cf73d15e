package bolt

import (
	"os"
	"path/filepath"
	"testing"

	"tenfour/jobs"
	"tenfour/jobs/storetest"

	"go.uber.org/goleak"
)

var suite = storetest.Suite{
	Open: func(dir string, caps jobs.Caps, step func(string) error) (jobs.Store, error) {
		return Open(dir, Options{Caps: caps, step: step})
	},
	Bodies: func(dir string) int {
		files, _ := os.ReadDir(filepath.Join(dir, "bodies"))
		return len(files)
	},
}

func TestMain(m *testing.M) {
	if suite.Child() {
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

func TestStore(t *testing.T) { suite.Run(t) }

func TestStore_kill9(t *testing.T) { suite.Kill(t) }

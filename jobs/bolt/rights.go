package bolt

import (
	"fmt"
	"os"
)

// tellRights tells when other users can read the records, or replace what is in the directory. A directory that was there before keeps the
// rights that a person gave it. What its group may do is left to that person.
func (s *Store) tellRights() {
	for _, it := range []struct {
		name string
		most os.FileMode // what may be allowed
		mend string
	}{{s.dir, 0o775, "chmod 700"}, {s.bodies, 0o775, "chmod 700"}, {s.path(), 0o660, "chmod 600"}} {
		info, err := os.Stat(it.name)
		if err == nil && info.Mode().Perm()&^it.most != 0 {
			s.o.Told(fmt.Errorf("%s has the mode %04o, so that other users can read or change jobs: %s %s", it.name, info.Mode().Perm(), it.mend, it.name))
		}
	}
}

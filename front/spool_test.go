package front

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"tenfour/spool"
)

func TestSpoolAnswer_saysWhatTheClientCanDo(t *testing.T) {
	for err, want := range map[error]struct {
		status int
		words  string
	}{
		spool.ErrTooLarge: {413, "too large"},
		spool.ErrFull:     {503, "try again later"},
		spool.ErrMany:     {503, "too many connections"},
		&os.PathError{Op: "write", Path: "/secret", Err: syscall.ENOSPC}: {507, "is full"},
		&os.PathError{Op: "write", Path: "/secret", Err: syscall.EDQUOT}: {507, "is full"},
		&os.PathError{Op: "open", Path: "/secret", Err: syscall.EMFILE}:  {503, "too many connections"},
		&os.PathError{Op: "open", Path: "/secret", Err: syscall.EACCES}:  {500, "the log says why"},
		errors.New("/secret"): {500, "the log says why"},
	} {
		status, words, extra := spoolAnswer(err)
		if status != want.status || !strings.Contains(words, want.words) || strings.Contains(words, "/secret") || (extra != "") != (status == 503) {
			t.Errorf("%v: got %d %q %q, want %d with %q", err, status, words, extra, want.status, want.words)
		}
	}
}

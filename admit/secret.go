package admit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// secretMost is the largest size of a file with credentials, in bytes.
const secretMost = 4 << 20

// readSecret reads a file, or the environment variable in "env:NAME". No error contains any of the content.
func readSecret(from string) ([]byte, error) {
	if name, ok := strings.CutPrefix(from, "env:"); ok {
		value, ok := os.LookupEnv(name)
		if !ok {
			return nil, fmt.Errorf("the environment variable %s is not set", name)
		}
		return []byte(value), nil
	}
	f, err := os.OpenFile(from, os.O_RDONLY|syscall.O_NONBLOCK, 0) // opening a FIFO would block until a process writes to it
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is not a file", from))
	}
	data, err := io.ReadAll(io.LimitReader(f, secretMost+1))
	if err == nil && len(data) > secretMost {
		err = fmt.Errorf("%s is larger than %d bytes", from, secretMost)
	}
	return data, err
}

// fieldValue reports whether s is a valid field value (RFC 9110 §5.5).
func fieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return s != "" && strings.TrimSpace(s) == s
}

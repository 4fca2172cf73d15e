// Package source reads the text of a file, or of an environment variable, that a setting names: bounded, and without blocking.
//
//	text, err := source.File("cert.pem", 1<<20)       // at most 1 MiB
//	text, err := source.Read("env:TOKEN", 4<<20)      // the variable TOKEN; without env: it is a file
//	text, err := source.FileOrPipe("tenfour.toml", 1<<20)
//
// It opens nothing that could block: a FIFO, a socket or a device is an error, and a pipe has a time limit. It removes a byte order
// mark, and changes line ends to those of Unix. An error does not name the source, because the caller knows which setting names it.
package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// Env begins the name of a source that is a variable of the environment.
const Env = "env:"

// Read returns the text of the variable NAME for "env:NAME", else that of a file. It is an error if it has more than most bytes.
func Read(from string, most int) ([]byte, error) {
	name, isEnv := strings.CutPrefix(from, Env)
	if !isEnv {
		return File(from, most)
	}
	value, set := os.LookupEnv(name)
	if !set {
		return nil, fmt.Errorf("the environment has no variable %s", name)
	}
	return plain([]byte(value), most)
}

// File returns the text of a file of at most most bytes.
func File(name string, most int) ([]byte, error) { return read(name, most, false) }

// FileOrPipe is File, and reads a pipe too, such as that of <(command) or /dev/stdin, for at most 2 seconds, and /dev/null.
func FileOrPipe(name string, most int) ([]byte, error) { return read(name, most, true) }

// pipeWait is how long the text of a pipe may take.
const pipeWait = 2 * time.Second

func read(name string, most int, pipes bool) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a FIFO would wait for its writer
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, cause(err)
	}
	switch kind := info.Mode() & fs.ModeType; {
	case kind == 0:
	case pipes && isNull(info):
		return nil, nil
	case !pipes || kind != fs.ModeNamedPipe:
		return nil, fmt.Errorf("it is not a file but %s", inWords(kind))
	default:
		err = f.SetReadDeadline(time.Now().Add(pipeWait))
	}
	var text []byte
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(f, int64(most)+1))
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("it is a pipe, and its end has not come after %v", pipeWait)
	case err != nil:
		return nil, cause(err)
	case len(text) == 0 && info.Mode()&fs.ModeNamedPipe != 0:
		return nil, errors.New("it is a pipe, and no program writes to it: use a file, because it is read again")
	}
	return plain(text, most)
}

func isNull(info fs.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(null, info)
}

func inWords(kind fs.FileMode) string {
	switch {
	case kind&fs.ModeDir != 0:
		return "a directory"
	case kind&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case kind&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// plain returns text of at most most bytes without a byte order mark, with line feeds for line ends.
func plain(text []byte, most int) ([]byte, error) {
	if len(text) > most {
		return nil, fmt.Errorf("it is larger than %dMiB", most>>20)
	}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, errors.New("it is written in UTF-16: save it as UTF-8")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // some editors put it there
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), nil
}

// cause is the system's error about a file, without the file's name.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	if errors.Is(err, syscall.ENXIO) { // open returns this for a socket
		return errors.New("it is not a file but a socket")
	}
	return err
}

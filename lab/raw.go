package lab

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// raw is a server that sends the bytes of a file, whatever they are, and ends the connection.
type raw struct {
	answers [][]byte // one for each request, in turn
	keep    bool
	delay   time.Duration
	rate    size
	hold    time.Duration
}

// rawDefault is sent without a file.
const rawDefault = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nOK\n"

const maxRaw = 16 << 20

func newRaw(o *options) fault {
	f := new(raw)
	o.add("file", "", "with the bytes to send; without it they are a 200; of several the requests get one each, in turn: one|two", f.loadAll)
	o.yes(&f.keep, "keep", "false", "true: the connection stays open, and its next request is answered too")
	o.duration(&f.delay, "delay", "0", 0, "until it answers")
	o.size(&f.rate, "rate", "0", 0, "bytes a second; 0 is all at once")
	o.duration(&f.hold, "hold", "0", 0, "how long the connection stays open after the last byte")
	return f
}

// loadAll reads the files once, so that what is wrong with one is known at the start.
func (f *raw) loadAll(names string) error {
	f.answers = nil
	if names == "" {
		f.answers = [][]byte{[]byte(rawDefault)}
		return nil
	}
	for name := range strings.SplitSeq(names, "|") {
		answer, err := loadRaw(name)
		if err != nil && name != names {
			err = fmt.Errorf("%s: %w", name, err)
		}
		if err != nil {
			return err
		}
		f.answers = append(f.answers, answer)
	}
	return nil
}

func loadRaw(name string) ([]byte, error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, errors.Unwrap(err) // the callers say which file
	}
	defer in.Close()
	answer, err := io.ReadAll(io.LimitReader(in, maxRaw+1))
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	if len(answer) > maxRaw {
		return nil, fmt.Errorf("%v at most", size(maxRaw))
	}
	return answer, nil
}

func (f *raw) does() string {
	text := "answers each request with exactly " + f.lengths()
	if f.delay > 0 {
		text += fmt.Sprintf(" after %v", f.delay)
	}
	if f.rate > 0 {
		text += fmt.Sprintf(", %v a second", f.rate)
	}
	switch {
	case f.keep:
		return text + ", and keeps the connection open"
	case f.hold > 0:
		return text + fmt.Sprintf(", and closes %v later", f.hold)
	}
	return text + ", and closes"
}

// lengths says how many bytes the answers have: "44 bytes", "44, 7 or 44 bytes in turn".
func (f *raw) lengths() string {
	last := len(f.answers) - 1
	text := inBytes(int64(len(f.answers[last])))
	if last == 0 {
		return text
	}
	var before []string
	for _, answer := range f.answers[:last] {
		before = append(before, strconv.Itoa(len(answer)))
	}
	return strings.Join(before, ", ") + " or " + text + " in turn"
}

func (f *raw) backlog() int  { return roomy }
func (f *raw) run(b *Faulty) { b.each(f.meet) }

func (f *raw) meet(v *visit) {
	for {
		r, ok := v.next()
		if !ok || !v.backend.pause(f.delay) || !f.send(v, f.answers[(r.number-1)%len(f.answers)]) {
			return
		}
		if f.keep {
			continue
		}
		if v.backend.pause(f.hold) {
			v.endAfterReading()
		}
		return
	}
}

// send sends all of an answer, and reports whether the connection took it.
func (f *raw) send(v *visit, left []byte) bool {
	return v.paced(size(len(left)), f.rate, func(n size) bool {
		_, err := v.Write(left[:n])
		left = left[n:]
		return err == nil
	})
}

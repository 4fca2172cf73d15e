package lab

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// raw is a server that sends the bytes of a file, whatever they are, and ends the connection.
type raw struct {
	bytes []byte
	delay time.Duration
	rate  size
	hold  time.Duration
}

// rawDefault is sent without a file.
const rawDefault = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nOK\n"

const maxRaw = 16 << 20

func newRaw(o *options) fault {
	f := new(raw)
	o.add("file", "", "with the bytes to send; without it they are a 200", f.load)
	o.duration(&f.delay, "delay", "0", 0, "until it answers")
	o.size(&f.rate, "rate", "0", 0, "bytes a second; 0 is all at once")
	o.duration(&f.hold, "hold", "0", 0, "how long the connection stays open after the last byte")
	return f
}

// load reads the file once, so that what is wrong with it is known at the start.
func (f *raw) load(name string) error {
	if name == "" {
		f.bytes = []byte(rawDefault)
		return nil
	}
	in, err := os.Open(name)
	if err != nil {
		return errors.Unwrap(err) // the caller says which file
	}
	defer in.Close()
	f.bytes, err = io.ReadAll(io.LimitReader(in, maxRaw+1))
	if err == nil && len(f.bytes) > maxRaw {
		err = fmt.Errorf("%v at most", size(maxRaw))
	}
	return err
}

func (f *raw) does() string {
	text := fmt.Sprintf("answers each request with exactly %s", inBytes(int64(len(f.bytes))))
	if f.delay > 0 {
		text += fmt.Sprintf(" after %v", f.delay)
	}
	if f.rate > 0 {
		text += fmt.Sprintf(", %v a second", f.rate)
	}
	if f.hold > 0 {
		return text + fmt.Sprintf(", and closes %v later", f.hold)
	}
	return text + ", and closes"
}

func (f *raw) backlog() int  { return roomy }
func (f *raw) run(b *Faulty) { b.each(f.meet) }

func (f *raw) meet(v *visit) {
	if _, ok := v.next(); !ok || !v.backend.pause(f.delay) {
		return
	}
	left := f.bytes
	sent := v.paced(size(len(left)), f.rate, func(n size) bool {
		_, err := v.Write(left[:n])
		left = left[n:]
		return err == nil
	})
	if sent && v.backend.pause(f.hold) {
		v.endAfterReading()
	}
}

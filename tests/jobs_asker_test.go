package tests

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tenfour/tests/await"
)

// asker is a client of jobs. Each of its requests has a connection of its own, and is sent once: a client of Go's library would send
// some again by itself. It says what came and judges nothing, because tenfour may be killed at any moment.
type asker struct {
	addr string
}

// heard is a response; the zero value when none came whole.
type heard struct {
	status int
	head   http.Header
	body   string
}

// view is what the status view of a job has, as far as the tests look at it.
type view struct {
	ID       string
	State    string
	Paused   bool
	Reason   string
	Location string
	Attempts []struct {
		Backend, Failure string
		Status           int
	}
}

// ask sends a request with further field lines, and waits for its response.
func (a asker) ask(method, target, body string, fields ...string) (heard, error) {
	return a.askFor(4*patience, method, target, body, fields...)
}

func (a asker) askFor(most time.Duration, method, target, body string, fields ...string) (h heard, err error) {
	c, err := net.DialTimeout("tcp", a.addr, patience)
	if err != nil {
		return h, err
	}
	await.Within(c, most)
	return askOver(c, method, target, body, fields...)
}

// askOver sends a request over a connection, waits for its response, and closes the connection.
func askOver(c net.Conn, method, target, body string, fields ...string) (h heard, err error) {
	defer c.Close()
	if _, err := io.WriteString(c, rawRequest(method, target, body, fields...)); err != nil {
		return h, err
	}
	r, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		return h, err
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return h, err
	}
	return heard{r.StatusCode, r.Header, string(content)}, nil
}

// leave sends a request, and is gone before a response can come.
func (a asker) leave(method, target, body string, fields ...string) {
	c, err := net.DialTimeout("tcp", a.addr, patience)
	if err != nil {
		return
	}
	io.WriteString(c, rawRequest(method, target, body, fields...))
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

func rawRequest(method, target, body string, fields ...string) string {
	raw := method + " " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	for _, line := range fields {
		raw += line + "\r\n"
	}
	if body != "" || method == "POST" || method == "PUT" {
		raw += "Content-Length: " + strconv.Itoa(len(body)) + "\r\n"
	}
	return raw + "\r\n" + body
}

// job asks for something at the handle of a job.
func (a asker) job(method, id, more string, fields ...string) (heard, error) {
	return a.ask(method, "/.tenfour/jobs/"+id+more, "", fields...)
}

// look returns the record of a job.
func (a asker) look(id string) (v view, h heard, err error) {
	h, err = a.job("GET", id, "?view=status", "Accept: application/json")
	if err == nil && h.status/100 == 2 {
		v, err = h.view()
	}
	return v, h, err
}

// view reads the JSON of an answer.
func (h heard) view() (v view, err error) {
	if err = json.Unmarshal([]byte(h.body), &v); err != nil {
		err = fmt.Errorf("%d %.300q: %w", h.status, h.body, err)
	}
	return v, err
}

// id is that of a 202's Location.
func (h heard) id() string {
	id, _ := strings.CutPrefix(h.head.Get("Location"), "/.tenfour/jobs/")
	return id
}

// asTarget is a target whose query has an order, for a request without a body.
func asTarget(path string, o order) string {
	return path + "?order=" + url.QueryEscape(o.text())
}

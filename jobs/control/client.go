package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Client asks the tenfour that has a directory of jobs. Safe for use by several goroutines.
type Client struct {
	dir  string
	http http.Client
}

// NewClient returns a client for a directory. It does not connect yet.
func NewClient(dir string) *Client {
	c := &Client{dir: dir}
	path := filepath.Join(dir, SocketName)
	c.http.Transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			d := net.Dialer{Timeout: answerMost}
			conn, err := d.DialContext(ctx, "unix", path)
			if err != nil {
				return nil, c.inWords(path, err)
			}
			return conn, nil
		},
		ResponseHeaderTimeout: answerMost,
		MaxIdleConns:          1,
		DisableCompression:    true,
	}
	return c
}

// answerMost is how long the client waits for the first byte of an answer. A search through 100,000 jobs takes seconds on a busy machine.
const answerMost = time.Minute

// Close closes the connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// ErrNotRunning means that no tenfour answers for the directory.
var ErrNotRunning = errors.New("no tenfour runs")

// inWords says why the socket cannot be used, and what to do.
func (c *Client) inWords(path string, err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w with data %s: start it, or name another directory with --data. (One whose routes have no async has no jobs)", ErrNotRunning, c.dir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: it may be used by its owner only: run this as the user that runs tenfour", path)
	case errors.Is(err, syscall.EINVAL) && len(path) > pathMost:
		return fmt.Errorf("%s: the path of a unix socket has at most %d bytes: tenfour cannot have jobs there", path, pathMost)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// List calls each with the jobs of a selection, newest first, at most limit of them; 0 is all. It returns how many there are.
func (c *Client) List(ctx context.Context, s Selection, limit int, each func(Record) error) (matching int, err error) {
	v := s.Values()
	v.Set("limit", strconv.Itoa(limit))
	body, err := c.ask(ctx, http.MethodGet, "/jobs?"+v.Encode(), nil)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	return readList(json.NewDecoder(body), each)
}

// readList reads what handler.list writes, a job at a time.
func readList(d *json.Decoder, each func(Record) error) (matching int, err error) {
	if _, err := d.Token(); err != nil { // {
		return 0, cutShort(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return matching, cutShort(err)
		}
		switch key {
		case "matching":
			err = d.Decode(&matching)
		case "jobs":
			err = readJobs(d, each)
		case "error":
			var text string
			if err = d.Decode(&text); err == nil {
				return matching, errors.New(text)
			}
		default:
			err = d.Decode(new(any))
		}
		if err != nil {
			return matching, cutShort(err)
		}
	}
	_, err = d.Token() // }
	return matching, cutShort(err)
}

func readJobs(d *json.Decoder, each func(Record) error) error {
	if _, err := d.Token(); err != nil { // [
		return err
	}
	for d.More() {
		var r Record
		if err := d.Decode(&r); err != nil {
			return err
		}
		if err := each(r); err != nil {
			return err
		}
	}
	_, err := d.Token() // ]
	return err
}

// cutShort says what an answer's early end means.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("tenfour ended before it had answered whole: ask again when it runs")
	}
	return err
}

// Show returns all of a job, which is named by its id or what that begins with, as tenfour wrote it.
func (c *Client) Show(ctx context.Context, id string) (Record, error) {
	var r Record
	return r, c.get(ctx, "/jobs/"+url.PathEscape(id), &r)
}

// Stats returns the counters.
func (c *Client) Stats(ctx context.Context) (Stats, error) {
	var s Stats
	return s, c.get(ctx, "/stats", &s)
}

func (c *Client) get(ctx context.Context, path string, into any) error {
	body, err := c.ask(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	return cutShort(json.NewDecoder(body).Decode(into))
}

// Change does a verb to the jobs of a selection: retry, cancel, pause, resume or purge. force purges also those whose callback is still
// due. told hears how far it is; it may be nil. The last Progress is returned.
func (c *Client) Change(ctx context.Context, verb string, s Selection, force bool, told func(Progress)) (last Progress, err error) {
	v := s.Values()
	if s.Older == 0 {
		v.Set("older", "0s")
	}
	if force {
		v.Set("force", "1")
	}
	body, err := c.ask(ctx, http.MethodPost, "/jobs/"+verb, v)
	if err != nil {
		return last, err
	}
	defer body.Close()
	d := json.NewDecoder(bufio.NewReader(body))
	for !last.Ended {
		failures := last.Failures
		last = Progress{}
		if err := d.Decode(&last); err != nil {
			last.Failures = failures
			return last, cutShort(err)
		}
		last.Failures = append(failures, last.Failures...)
		if told != nil {
			told(last)
		}
	}
	return last, nil
}

// ask sends a request, and returns the body of an answer that is no refusal.
func (c *Client) ask(ctx context.Context, method, path string, form url.Values) (io.ReadCloser, error) {
	var content io.Reader
	if form != nil {
		content = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://tenfour"+path, content)
	if err != nil {
		return nil, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, c.bare(err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	return nil, refusal(answer)
}

// bare is an error of package http without the URL, which says nothing to a person.
func (c *Client) bare(err error) error {
	var of *url.Error
	if !errors.As(err, &of) {
		return err
	}
	if of.Timeout() {
		return fmt.Errorf("the tenfour with data %s has not answered for %v: look at its log, or ask again", c.dir, answerMost)
	}
	return cutShort(of.Err)
}

// refusal is the error that an answer tells of.
func refusal(answer *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(text, &said) == nil && said.Error != "" {
		return errors.New(said.Error)
	}
	return fmt.Errorf("tenfour answered %s: %s", answer.Status, strings.TrimSpace(string(text)))
}

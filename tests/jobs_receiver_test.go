package tests

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// callbackSecret is the text of callback_secret_file: as Standard Webhooks write a secret.
const callbackSecret = "whsec_bWVyY2lsZXNzLW1lcmNpbGVzcy1tZXJjaWxlc3M="

// toldEnd is what a callback says of a job.
type toldEnd struct {
	ID     string
	State  string
	Status int
}

// receiver takes callbacks, and checks each as its own program would: the signature over the bytes, then the JSON.
type receiver struct {
	*server
	had func(n int) // is called with each callback, before it is answered; nil for nothing. Set it before there are any

	mu    sync.Mutex // guards the rest
	told  map[string][]toldEnd
	total int
	wrong []string
}

func startReceiver(t testing.TB) *receiver {
	r := &receiver{told: map[string][]toldEnd{}}
	r.server = startServer(t, r.serve)
	return r
}

func (r *receiver) serve(p *peer) {
	for {
		req, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		total := r.note(req, body)
		if r.had != nil {
			r.had(total)
		}
		if _, err := io.WriteString(p, "HTTP/1.1 204 No Content\r\n\r\n"); err != nil {
			return
		}
	}
}

// note notes a callback, and returns how many there were.
func (r *receiver) note(req *http.Request, body []byte) int {
	var told toldEnd
	err := signed(req.Header, body, time.Now())
	if err == nil {
		err = json.Unmarshal(body, &told)
	}
	if err == nil && req.Method != "POST" {
		err = fmt.Errorf("its method is %s", req.Method)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	if err != nil {
		r.wrong = append(r.wrong, fmt.Sprintf("the callback %v %.300q: %v", req.Header, body, err))
	}
	r.told[told.ID] = append(r.told[told.ID], told)
	return r.total
}

// signed checks a signature as https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md has it.
func signed(h http.Header, body []byte, now time.Time) error {
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(callbackSecret, "whsec_"))
	if err != nil {
		return err
	}
	id, when := h.Get("webhook-id"), h.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(when, 10, 64)
	if err != nil || id == "" {
		return fmt.Errorf("webhook-id %q, webhook-timestamp %q", id, when)
	}
	if off := now.Sub(time.Unix(seconds, 0)).Abs(); off > 5*time.Minute {
		return fmt.Errorf("webhook-timestamp is %v off", off)
	}
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s.", id, when)
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if !slices.Contains(strings.Fields(h.Get("webhook-signature")), want) {
		return fmt.Errorf("webhook-signature %q, want %q", h.Get("webhook-signature"), want)
	}
	return nil
}

// of returns what was told of a job.
func (r *receiver) of(id string) []toldEnd {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.told[id])
}

// complaints are what was wrong with the callbacks that came.
func (r *receiver) complaints() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.wrong)
}

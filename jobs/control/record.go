package control

import (
	"bytes"
	"strings"

	"tenfour/jobs"
	"tenfour/value/secret"
)

// Record is a job as an operator sees it. Its names in JSON stay as they are. What may be a credential is "***".
type Record struct {
	jobs.View
	Route          string   `json:"route"`
	Method         string   `json:"method"`
	Target         string   `json:"target"` // bytes that are no visible ASCII are %XX
	Client         string   `json:"client"`
	RequestBytes   int64    `json:"request_bytes"`          // of its body
	ResultBytes    int64    `json:"result_bytes"`           // of the body of the last real response
	CallbackURL    string   `json:"callback_url,omitempty"` // without its user and its query
	RequestFields  []string `json:"request_fields,omitempty"`
	ResponseFields []string `json:"response_fields,omitempty"`
}

// recordOf shows all of a job.
func recordOf(j jobs.Job) Record {
	r := lineOf(j)
	r.View = j.View()
	r.RequestFields, r.ResponseFields = shownFields(j.Request.Fields), shownFields(j.Result.Fields)
	return r
}

// lineOf shows a job in a list: without its fields, and of its attempts the last one only.
func lineOf(j jobs.Job) Record {
	r := Record{
		View: j.View(), Route: j.Request.Route, Method: j.Request.Method, Target: shownTarget(j.Request.Target),
		RequestBytes: j.Request.Body.Size, ResultBytes: j.Result.Body.Size, CallbackURL: shownURL(j.Callback.URL),
	}
	if j.Request.Client.IsValid() {
		r.Client = j.Request.Client.String()
	}
	r.Attempts = r.Attempts[max(0, len(r.Attempts)-1):]
	return r
}

// shownTarget is a target without what may be credentials, as visible ASCII.
func shownTarget(target []byte) string {
	const digits = "0123456789ABCDEF"
	var text strings.Builder
	for _, b := range secret.Redact(target) {
		if b <= ' ' || b > '~' {
			text.Write([]byte{'%', digits[b>>4], digits[b&15]})
			continue
		}
		text.WriteByte(b)
	}
	return text.String()
}

// shownURL is the URL of a callback without what receivers put secrets into: its user and its query.
func shownURL(url string) string {
	text, query, _ := strings.Cut(string(secret.Redact([]byte(url))), "?")
	if query != "" {
		text += "?***"
	}
	return shownTarget([]byte(text))
}

// shownFields are field lines, "***" for a value that may be a credential.
func shownFields(lines []byte) (shown []string) {
	for line := range bytes.SplitSeq(lines, []byte("\r\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		text := strings.ToValidUTF8(string(bytes.TrimSpace(value)), "\uFFFD")
		switch {
		case secret.IsIn(string(name)):
			text = "***"
		case bytes.EqualFold(name, []byte("Referer")), bytes.EqualFold(name, []byte("Location")):
			text = string(secret.Redact([]byte(text)))
		}
		shown = append(shown, string(name)+": "+text)
	}
	return shown
}

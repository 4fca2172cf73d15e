package lab

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strconv"
)

//go:embed site/index.html site/4k.html site/favicon.svg site/pages.html
var site embed.FS

// pages are the templates of the pages that are made for a request: "listing" (a listing) and "refusal" (a refusal).
var pages = template.Must(template.ParseFS(site, "site/pages.html"))

const typeHTML = "text/html; charset=utf-8"

// page is an answer in memory, with its fields prepared. It never changes, so that several goroutines may send it.
type page struct {
	body                       []byte
	contentType, contentLength []string // in the form of http.Header, made once
}

func newPage(contentType string, body []byte) *page {
	return &page{body, []string{contentType}, []string{strconv.Itoa(len(body))}}
}

// embedded returns the page in one file of site. It cannot fail, because the compiler has embedded the file.
func embedded(file, contentType string) *page {
	body, err := site.ReadFile("site/" + file)
	if err != nil {
		panic(err)
	}
	return newPage(contentType, body)
}

// send answers with p. For HEAD, net/http leaves the body out.
func (p *page) send(w http.ResponseWriter, status int) {
	h := w.Header()
	h["Content-Type"] = p.contentType
	h["Content-Length"] = p.contentLength
	h["X-Content-Type-Options"] = nosniff
	w.WriteHeader(status)
	w.Write(p.body)
}

var nosniff = []string{"nosniff"}

// sendTemplate answers with the template of that name, rendered from data.
func sendTemplate(w http.ResponseWriter, status int, name string, data any) {
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, name, data); err != nil {
		panic(err) // a mistake in the templates of this folder, which the tests find
	}
	newPage(typeHTML, body.Bytes()).send(w, status)
}

// refusal is an answer without the page that was asked for: its status, and the reason in words.
type refusal struct {
	Status int
	Why    string
}

func (r refusal) Text() string { return http.StatusText(r.Status) }

func refuse(w http.ResponseWriter, status int, why string) {
	sendTemplate(w, status, "refusal", refusal{status, why})
}

// readOnly reports whether r has one of the two methods that these backends know. If not, it answers 405.
func readOnly(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	refuse(w, http.StatusMethodNotAllowed, "There are only pages to read here: GET and HEAD work, nothing else does.")
	return false
}

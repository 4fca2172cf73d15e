package lab

import (
	"net"
	"net/http"
	"regexp"
	"strings"
)

// What stands in index.html for an address that only a request tells.
const (
	askedAt    = "http://ASKED:AT" // the scheme and the authority that the client asked
	answeredBy = "127.0.0.1:PORT"  // the backend that sends the page
)

// welcome is the site of a tenfour without a backend. It is made once, and its backends share it.
type welcome struct {
	index string           // with askedAt and answeredBy in it
	fixed map[string]*page // by path; never changes
}

// Welcome returns a handler for the page that says that tenfour runs, at /, a page of 4,096 bytes for ab, at /4k, and their
// icon. It serves from memory. The page at / names the backend that sent it, so that a reload shows how requests are spread, and
// the address that it was asked at, so that its commands can be copied.
func Welcome() http.Handler {
	icon := embedded("favicon.svg", "image/svg+xml")
	return &welcome{
		index: string(embedded("index.html", typeHTML).body),
		fixed: map[string]*page{
			"/4k":          embedded("4k.html", typeHTML),
			"/favicon.ico": icon, // browsers ask for this name if a page names no icon; they use its Content-Type, not its name
			"/favicon.svg": icon,
		},
	}
}

func (s *welcome) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !readOnly(w, r) {
		return
	}
	if p := s.fixed[r.URL.Path]; p != nil {
		p.send(w, http.StatusOK)
		return
	}
	if r.URL.Path != "/" && r.URL.Path != "" {
		refuse(w, http.StatusNotFound, "There is no such page at this address.")
		return
	}
	w.Header().Set("Cache-Control", "no-cache") // so that a reload reaches the next backend
	s.indexFor(r).send(w, http.StatusOK)
}

// indexFor returns the index with the addresses of r. It is made for each request, because clients choose what they call tenfour:
// pages that are kept would have no bound.
func (s *welcome) indexFor(r *http.Request) *page {
	addresses := strings.NewReplacer(askedAt, asked(r), answeredBy, answering(r))
	return newPage(typeHTML, []byte(addresses.Replace(s.index)))
}

// plainHost is a Host that can stand in a page and in a command without quotes.
var plainHost = regexp.MustCompile(`^[0-9A-Za-z.:_\[\]-]+$`)

// asked returns the scheme and the authority that the client asked, as in http://127.0.0.1:8000. tenfour forwards the client's Host,
// and says in X-Forwarded-Proto how the client came.
func asked(r *http.Request) string {
	scheme, host := "http", "127.0.0.1:8000"
	if r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	if plainHost.MatchString(r.Host) {
		host = r.Host
	}
	return scheme + "://" + host
}

// answering returns the address of the backend that has received r. Without a socket, as under httptest.NewRecorder, it is
// what stands in the page.
func answering(r *http.Request) string {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return local.String()
	}
	return answeredBy
}

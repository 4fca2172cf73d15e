package lab

import (
	"bytes"
	"net"
	"net/http"
	"sync"
)

// answeredBy is the text in index.html that is replaced by the address of the backend that sends it.
const answeredBy = "127.0.0.1:PORT"

// welcome is the site of a tenfour without a backend. It is made once, and its backends share it.
type welcome struct {
	index *page            // without the address of a backend
	fixed map[string]*page // by path; never changes
	from  sync.Map         // netip.AddrPort → *page: index with the address of that backend; one for each backend
}

// Welcome returns a handler for the page that says that tenfour runs, at /, a page of 4,096 bytes for ab, at /4k, and their
// icon. It serves from memory. The page at / names the backend that sent it, so that a reload shows how requests are spread.
func Welcome() http.Handler {
	icon := embedded("favicon.svg", "image/svg+xml")
	return &welcome{
		index: embedded("index.html", typeHTML),
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

// indexFor returns the index with the address of the backend that has received r.
func (s *welcome) indexFor(r *http.Request) *page {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return s.index // there is no socket, for example under httptest.NewRecorder
	}
	addr := local.AddrPort()
	if p, ok := s.from.Load(addr); ok {
		return p.(*page)
	}
	name := local.String()
	body := bytes.ReplaceAll(s.index.body, []byte(answeredBy), []byte(name))
	p, _ := s.from.LoadOrStore(addr, newPage(typeHTML, body))
	return p.(*page)
}

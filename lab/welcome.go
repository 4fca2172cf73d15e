package lab

import (
	"bytes"
	"net"
	"net/http"
	"sync"
)

// answeredBy stands in index.html for the address of the backend that sends it.
const answeredBy = "127.0.0.1:PORT"

// welcome is the site of a tenfour that was given no backend. It is made once and shared by its backends.
type welcome struct {
	index *page            // with no backend's address in it
	fixed map[string]*page // by path; never changes
	from  sync.Map         // netip.AddrPort → *page: index as that backend sends it; as many as there are backends
}

// Welcome is the page that says that tenfour runs, at /; a page of 4,096 bytes for ab, at /4k; and their icon. It is
// served from memory. The page at / names the backend that sent it, so its readers see themselves being spread.
func Welcome() http.Handler {
	icon := embedded("favicon.svg", "image/svg+xml")
	return &welcome{
		index: embedded("index.html", typeHTML),
		fixed: map[string]*page{
			"/4k":          embedded("4k.html", typeHTML),
			"/favicon.ico": icon, // what browsers ask for when a page names no icon; they go by its type, not by its name
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
	w.Header().Set("Cache-Control", "no-cache") // a reload is to be answered by the next backend
	s.indexFor(r).send(w, http.StatusOK)
}

// indexFor is the index as the backend sends it that r has come to.
func (s *welcome) indexFor(r *http.Request) *page {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return s.index // there is no socket, as under httptest.NewRecorder
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

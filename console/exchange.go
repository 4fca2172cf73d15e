package console

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"tenfour/console/page"
)

// Exchange is one that is kept, as /exchanges/ID shows it.
type Exchange struct{}

// exchange answers with the wire view of one: as JSON for a script, else as a page.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	found, ok := s.find(id)
	status, text := http.StatusOK, []byte(nil)
	if ok {
		text, _ = json.Marshal(found)
	} else {
		status = http.StatusNotFound
	}
	switch {
	case !strings.Contains(r.Header.Get("Accept"), "application/json"):
		s.showPage(w, status, func(w io.Writer) error { return page.WriteExchange(w, id, text) })
	case ok:
		show(w, status, "application/json", text)
	default:
		show(w, status, "application/json", []byte(`{"error":"this exchange is not kept any more"}`+"\n"))
	}
}

func (s *Server) find(id string) (*Exchange, bool) {
	if s.Exchange == nil {
		return nil, false
	}
	return s.Exchange(id)
}

// raw answers with the bytes of a head.
func (s *Server) raw(w http.ResponseWriter, r *http.Request) {}

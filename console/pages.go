package console

import (
	"bytes"
	"io"
	"net/http"
	"strconv"

	"tenfour/console/page"
)

// showPage answers with one of the pages. It is made before the first byte goes out, so that what is wrong with it can be said.
func (s *Server) showPage(w http.ResponseWriter, status int, write func(io.Writer) error) {
	var text bytes.Buffer
	if err := write(&text); err != nil {
		s.log.Error().Err(err).Msg("a page of the console cannot be made, which is a bug of tenfour")
		say(w, http.StatusInternalServerError, "this page cannot be made, which is a bug of tenfour; its log says more")
		return
	}
	show(w, status, "text/html; charset=utf-8", text.Bytes())
}

// show answers with a whole body.
func show(w http.ResponseWriter, status int, mediaType string, body []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// index answers with the page: tables of the status, which its script then keeps up to date.
func (s *Server) index(w http.ResponseWriter, _ *http.Request) {
	s.showPage(w, http.StatusOK, func(w io.Writer) error { return page.WriteIndex(w, s.token, s.status.take()) })
}

// file answers with a style, a script or a picture of the page.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	text, mediaType, ok := page.File(r.PathValue("name"))
	if !ok {
		say(w, http.StatusNotFound, "the console's page has no file of this name")
		return
	}
	show(w, http.StatusOK, mediaType, text)
}

// statusJSON answers with what the page shows.
func (s *Server) statusJSON(w http.ResponseWriter, _ *http.Request) {
	show(w, http.StatusOK, "application/json", s.status.take())
}

package console

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"tenfour/console/page"
	"tenfour/explain"
	"tenfour/httpparse"
	"tenfour/trace"
)

// wireView is an exchange as /exchanges/ID shows it: as it passed, what its bytes are, and what tenfour changed.
type wireView struct {
	Exchange *trace.Kept `json:"exchange"`
	Messages []message   `json:"messages"` // in the order of the walk
	Changes  changes     `json:"changes"`
	Curl     string      `json:"curl"` // asks for the same; "" if the request could not be read
}

// message is a head, explained.
type message struct {
	Part    part            `json:"part"`
	Attempt int             `json:"attempt"` // from 0; 0 for those of the client
	At      trace.MS        `json:"at_ms"`
	Left    int             `json:"left,omitempty"` // bytes of its end that were not kept
	Report  *explain.Report `json:"report"`
}

// part says between which two a head passed.
type part string

const (
	clientIn   part = "client-in"
	backendOut part = "backend-out"
	backendIn  part = "backend-in"
	clientOut  part = "client-out"
)

// changes are what tenfour changed in the request for each attempt, and in the response that the client got.
type changes struct {
	Request  []changeList `json:"request"`
	Response []changeList `json:"response"`
}

type changeList struct {
	Attempt int              `json:"attempt"` // from 0
	List    []explain.Change `json:"list"`
}

// viewOf explains an exchange.
func viewOf(k *trace.Kept) *wireView {
	v := &wireView{Exchange: k, Messages: []message{}, Changes: changes{[]changeList{}, []changeList{}}, Curl: curlOf(k)}
	isHead := k.Summary.Method == "HEAD"
	v.add(clientIn, 0, isHead, k.ClientIn)
	for i, a := range k.Attempts {
		v.add(backendOut, i, isHead, a.Out)
		v.add(backendIn, i, isHead, a.In)
		if in, out := last(k.ClientIn), last(a.Out); in != nil && out != nil {
			v.Changes.Request = append(v.Changes.Request, changeList{i, explain.Changes(in.Raw, out.Raw)})
		}
		if in, out := last(a.In), last(k.ClientOut); in != nil && out != nil && isAnswer(k, i) {
			v.Changes.Response = append(v.Changes.Response, changeList{i, explain.Changes(in.Raw, out.Raw)})
		}
	}
	v.add(clientOut, 0, isHead, k.ClientOut)
	return v
}

// isAnswer reports whether the client got the response of an attempt. While an exchange lasts, no attempt has won yet: then it is the one that
// goes on.
func isAnswer(k *trace.Kept, attempt int) bool {
	a := &k.Attempts[attempt]
	return a.Won || k.Summary.Lasts && !a.Ended.Known()
}

func (v *wireView) add(p part, attempt int, isHead bool, heads []trace.Head) {
	for i := range heads {
		o := explain.Options{Part: true}
		if isHead && (p == backendIn || p == clientOut) {
			o.Method = httpparse.Head
		}
		v.Messages = append(v.Messages, message{p, attempt, heads[i].At, heads[i].Left, explain.Message(heads[i].Raw, o)})
	}
}

// last is the final head of several, after the interim ones; nil for none.
func last(heads []trace.Head) *trace.Head {
	if len(heads) == 0 {
		return nil
	}
	return &heads[len(heads)-1]
}

// exchange answers with the wire view of one: as JSON for a script, else as a page.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	status, text := http.StatusNotFound, []byte(nil)
	if k := s.find(id); k != nil {
		status, text = http.StatusOK, encoded(viewOf(k))
	}
	switch {
	case !strings.Contains(r.Header.Get("Accept"), "application/json"):
		s.showPage(w, status, func(w io.Writer) error { return page.WriteExchange(w, id, text) })
	case text == nil:
		show(w, status, "application/json", encoded(map[string]string{"error": notKept}))
	default:
		show(w, status, "application/json", text)
	}
}

// notKept is why there is no exchange.
const notKept = "this exchange is not kept, or not any more: the last ones are, and slow and failed ones for longer"

// encoded is a value of ours as JSON.
func encoded(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		text, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	return text
}

// find returns the exchange of an id, or nil.
func (s *Server) find(id string) *trace.Kept {
	if s.Exchange == nil {
		return nil
	}
	return s.Exchange(id)
}

// raw answers with the bytes of one part of an exchange, as a file: as they passed, but for credentials.
func (s *Server) raw(w http.ResponseWriter, r *http.Request) {
	k := s.find(r.PathValue("id"))
	if k == nil {
		say(w, http.StatusNotFound, notKept)
		return
	}
	asked := part(r.FormValue("part"))
	attempt, err := strconv.Atoi(r.FormValue("attempt"))
	if err != nil || asked == clientIn || asked == clientOut {
		attempt = 0
	}
	heads, known := headsOf(k, asked, attempt)
	switch {
	case !known:
		say(w, http.StatusBadRequest, "write part=client-in, client-out, backend-out or backend-in, and for the last two attempt=N, from 0")
		return
	case len(heads) == 0:
		say(w, http.StatusNotFound, "the exchange did not come so far: there are no such bytes")
		return
	}
	var all []byte
	for i := range heads {
		all = append(all, heads[i].Raw...)
	}
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.%d.http"`, fileName(k.Summary.ID), asked, attempt))
	show(w, http.StatusOK, "application/octet-stream", all)
}

// headsOf returns the heads of a part. known is false if there is no such part, or no such attempt.
func headsOf(k *trace.Kept, p part, attempt int) (heads []trace.Head, known bool) {
	switch p {
	case clientIn:
		return k.ClientIn, true
	case clientOut:
		return k.ClientOut, true
	case backendOut, backendIn:
		if attempt < 0 || attempt >= len(k.Attempts) {
			return nil, false
		}
		if p == backendOut {
			return k.Attempts[attempt].Out, true
		}
		return k.Attempts[attempt].In, true
	}
	return nil, false
}

// fileName is an id with nothing in it that a file system or a field's value could take for anything else.
func fileName(id string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' {
			return r
		}
		return '_'
	}, id)
}

package console

import (
	"net/http"
	"sync"
	"time"
)

// hub tells open pages of the status, once a second while there is a page. What it tells is made once for all.
type hub struct {
	status  *snapshots
	every   time.Duration
	nudged  chan struct{} // has a value when pages are to be told before the second is over
	telling sync.WaitGroup

	mu      sync.Mutex // guards the rest
	pages   map[*reader]bool
	running bool // a goroutine tells
}

// reader is a client of /events.
type reader struct {
	events chan []byte // has room for one: a page that has not taken it is skipped
	whole  bool        // the next event is the whole status: it is the first, or one was skipped. Guarded by hub.mu
}

func newHub(status *snapshots, every time.Duration) *hub {
	return &hub{status: status, every: every, nudged: make(chan struct{}, 1), pages: map[*reader]bool{}}
}

// join adds a page. The first event for it is on its way. The caller has it leave.
func (h *hub) join() *reader {
	p := &reader{events: make(chan []byte, 1), whole: true}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages[p] = true
	if !h.running {
		h.running = true
		h.telling.Go(h.tell) // ends with the last page
	}
	h.nudge()
	return p
}

func (h *hub) leave(p *reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.pages, p)
}

// nudge has pages without the whole status told at once.
func (h *hub) nudge() {
	select {
	case h.nudged <- struct{}{}:
	default:
	}
}

// nudgeAll has all pages told of the present at once.
func (h *hub) nudgeAll() {
	h.status.forget()
	h.mu.Lock()
	defer h.mu.Unlock()
	for p := range h.pages {
		p.whole = true
	}
	h.nudge()
}

// wait returns when nothing tells any more. All pages have left.
func (h *hub) wait() {
	h.nudge()
	h.telling.Wait()
}

// tell tells pages until there is none.
func (h *hub) tell() {
	clock := time.NewTicker(h.every)
	defer clock.Stop()
	var news news
	for h.hasPages() {
		select {
		case <-clock.C:
			text := h.status.take()
			h.give(text, news.of(text))
		case <-h.nudged:
			h.give(h.status.take(), nil)
		}
	}
}

// hasPages reports whether there are pages. If not, the next one that joins starts another goroutine.
func (h *hub) hasPages() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = len(h.pages) > 0
	return h.running
}

// give gives each page its event: the whole status to those that need it, and to the others what is new, unless that is nil.
func (h *hub) give(whole, new []byte) {
	first, next := event(whole), event(new)
	h.mu.Lock()
	defer h.mu.Unlock()
	for p := range h.pages {
		e := next
		if p.whole {
			e = first
		} else if new == nil {
			continue
		}
		select {
		case p.events <- e:
			p.whole = false
		default:
			p.whole = true
		}
	}
}

// event is a status as an event (WHATWG HTML §9.2.6). JSON has no line breaks.
func event(status []byte) []byte {
	return append(append([]byte("event: status\ndata: "), status...), "\n\n"...)
}

// events answers /events until the client leaves or the console ends.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	c := http.NewResponseController(w)
	c.SetReadDeadline(time.Time{}) // else the time for a request's body would end it
	p := s.pages.join()
	defer s.pages.leave(p)
	for text := []byte("retry: 1000\n\n"); ; {
		c.SetWriteDeadline(time.Now().Add(s.patience.event))
		if _, err := w.Write(text); err != nil {
			return
		}
		if c.Flush() != nil {
			return
		}
		select {
		case text = <-p.events:
		case <-r.Context().Done():
			return
		}
	}
}

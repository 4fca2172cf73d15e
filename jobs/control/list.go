package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tenfour/jobs"
)

// limitDefault is how many jobs a list has that names no limit.
const limitDefault = 100

// cursor is where a page of a list ended: the next one has what is older than that.
func (e entry) cursor() string { return fmt.Sprintf("%d-%s", e.made, e.id) }

func parseCursor(text string) (entry, error) {
	made, id, _ := strings.Cut(text, "-")
	n, err := strconv.ParseInt(made, 10, 64)
	if err == nil {
		var e entry
		e.made = n
		if e.id, err = jobs.ParseID(id); err == nil {
			return e, nil
		}
	}
	return entry{}, &wrong{http.StatusBadRequest, fmt.Sprintf("after %q: write what the page before has as next", text)}
}

// listQuery is what a list was asked for.
type listQuery struct {
	Selection
	limit int    // 0 for all
	after *entry // nil for the first page
}

func listQueryOf(r *http.Request) (q listQuery, err error) {
	if q.Selection, err = selectionOf(r.Form); err != nil {
		return q, &wrong{http.StatusBadRequest, err.Error()}
	}
	q.limit = limitDefault
	if text := r.Form.Get("limit"); text != "" {
		if q.limit, err = strconv.Atoi(text); err != nil || q.limit < 0 {
			return q, &wrong{http.StatusBadRequest, fmt.Sprintf("limit %q: write a number of jobs, 0 for all", text)}
		}
	}
	if text := r.Form.Get("after"); text != "" {
		e, err := parseCursor(text)
		if err != nil {
			return q, err
		}
		q.after = &e
	}
	return q, nil
}

// list answers with jobs, newest first: {"matching": N, "jobs": [{…}, …], "next": "…"}. Next is there when there are more.
// The search keeps 24 bytes of each of them; the records are read again when they are written, so one that does not match by then is left out.
func (h *handler) list(w http.ResponseWriter, r *http.Request) error {
	q, err := listQueryOf(r)
	if err != nil {
		return err
	}
	matching, page, err := h.search(r.Context(), q)
	if err != nil {
		return err
	}
	more := q.limit > 0 && len(page) > q.limit
	if more {
		page = page[:q.limit]
	}
	begin(w, "application/json")
	out := bufio.NewWriterSize(h.paced(w), 32<<10)
	defer out.Flush()
	fmt.Fprintf(out, `{"matching":%d,"jobs":[`, matching)
	if err := h.writeLines(r.Context(), out, page, q); err != nil {
		fmt.Fprintf(out, `],"error":%s}`+"\n", quoted(err.Error()))
		return nil
	}
	out.WriteByte(']')
	if more {
		fmt.Fprintf(out, `,"next":%q`, page[len(page)-1].cursor())
	}
	out.WriteString("}\n")
	return nil
}

// search returns how many jobs match, and the page of them, newest first, with one entry more if there are more.
func (h *handler) search(ctx context.Context, q listQuery) (matching int, page []entry, err error) {
	most := q.limit
	if most > 0 {
		most++
	}
	found := newest{most: most}
	now, named := time.Now(), newNames(q.IDs)
	err = h.scan(ctx, q.states(), func(j jobs.Job) bool {
		if !q.has(j, now) || !named.has(j.ID) {
			return true
		}
		matching++
		if e := entryOf(j); q.after == nil || e.compare(*q.after) < 0 {
			found.add(e)
		}
		return true
	})
	return matching, found.sorted(), err
}

// writeLines writes the jobs of a page, a line for each. Before each chunk it lets others work, as a search does.
func (h *handler) writeLines(ctx context.Context, out *bufio.Writer, page []entry, q listQuery) error {
	separator := "\n"
	now := time.Now()
	turn := newTurn()
	for _, e := range page {
		if err := turn.next(ctx); err != nil {
			return err
		}
		j, err := h.Runner.Get(e.id)
		if errors.Is(err, jobs.ErrUnknown) || err == nil && !q.has(j, now) {
			continue
		}
		if err != nil {
			return err
		}
		text, err := json.Marshal(lineOf(j))
		if err != nil {
			return err
		}
		out.WriteString(separator)
		if _, err := out.Write(text); err != nil {
			return err
		}
		separator = ",\n"
	}
	return nil
}

// quoted is text as JSON.
func quoted(text string) []byte {
	out, _ := json.Marshal(text) // a string always can be
	return out
}

package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// guard lets requests pass to next that may be answered. The first rule that one breaks is its answer, in words. docs/console.md has them
// as a table.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.patience.write))
		protect(w.Header())
		r.Body = http.MaxBytesReader(w, r.Body, bodyMost)
		for _, rule := range []func(*http.Request) *refusal{s.isAskedByItsName, isOfNoOtherSite, isOfAKnownMethod, s.isKnown, s.isMeant} {
			if refused := rule(r); refused != nil {
				s.refuse(w, r, refused)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// bodyMost is how many bytes a request's body may have.
const bodyMost = 1 << 20

// protect sets the fields that tell a browser what it may do with an answer. Referrer-Policy is not no-referrer, because then a form's
// Origin would be null (Fetch, "append a request Origin header").
func protect(h http.Header) {
	for name, value := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Referrer-Policy":              "same-origin",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Cache-Control":                "no-store",
	} {
		h.Set(name, value)
	}
}

// refusal is why a request is not answered.
type refusal struct {
	status int
	words  string
	login  bool // a person may log in
}

// isAskedByItsName refuses a Host that is not the console's: a page of another site has led a browser here by a name of its own.
func (s *Server) isAskedByItsName(r *http.Request) *refusal {
	if s.hostsFor(r).allow(r.Host) {
		return nil
	}
	return &refusal{status: http.StatusForbidden, words: fmt.Sprintf("the Host %q is not the console's. Ask it by its own address, "+
		"or, if this name is yours, add it to console_hosts", cut(r.Host))}
}

// cut is the beginning of what a client sent: enough to know it again.
func cut(text string) string {
	const most = 100
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// isOfNoOtherSite refuses what a page of another site has a browser ask for. Browsers say so in Origin and Sec-Fetch-Site. A link to a page
// of the console is fine, because a GET changes nothing, and the other site does not see the answer.
func isOfNoOtherSite(r *http.Request) *refusal {
	site, isGet := r.Header.Get("Sec-Fetch-Site"), r.Method == http.MethodGet || r.Method == http.MethodHead
	refused := &refusal{status: http.StatusForbidden, words: "a page of another site asks for this, and the console answers its own page alone"}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host && origin != "https://"+r.Host {
		return refused
	}
	switch site {
	case "", "same-origin", "none":
		return nil
	}
	isLink := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	if isGet && isLink && isPage(r.URL.Path) {
		return nil
	}
	return refused
}

// isPage reports whether a path is that of a page for people.
func isPage(path string) bool {
	return path == "/" || path == "/jobs" || strings.HasPrefix(path, "/exchanges/") && strings.Count(path, "/") == 2
}

// isOfAKnownMethod refuses other methods than GET, HEAD and POST (RFC 9110 §15.5.6).
func isOfAKnownMethod(r *http.Request) *refusal {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return nil
	}
	return &refusal{status: http.StatusMethodNotAllowed, words: "the console knows GET, HEAD and POST"}
}

// isKnown refuses a request without the token of console_token_file, if there is one.
func (s *Server) isKnown(r *http.Request) *refusal {
	token := s.now.Load().token()
	if token == "" || isOpen(r.URL.Path) || s.hasBearer(r, token) || s.hasCookie(r, token) {
		return nil
	}
	return &refusal{status: http.StatusUnauthorized, login: true,
		words: "the console asks for the token of console_token_file: log in, or send Authorization: Bearer TOKEN"}
}

// isOpen reports whether a path needs no token: it tells nothing, or is how one logs in.
func isOpen(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/login" || strings.HasPrefix(path, "/page/")
}

// hasBearer reports whether a request has the token in its Authorization (RFC 6750 §2.1).
func (s *Server) hasBearer(r *http.Request, token string) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && equal(strings.TrimSpace(given), token)
}

// equal compares secrets in a time that tells nothing of them.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// isMeant refuses a POST without the token of the page, which no other site can read. To log in needs the other token.
func (s *Server) isMeant(r *http.Request) *refusal {
	if r.Method != http.MethodPost || r.URL.Path == "/login" {
		return nil
	}
	given := r.Header.Get("X-Tenfour-Token")
	if given == "" {
		if err := r.ParseForm(); err != nil {
			return &refusal{status: http.StatusBadRequest, words: "the form cannot be read: " + err.Error()}
		}
		given = r.PostForm.Get("token")
	}
	if equal(given, s.token) {
		return nil
	}
	return &refusal{status: http.StatusForbidden, words: "a POST needs the token of the console's page, in X-Tenfour-Token or in the form's field token. " +
		"Each start of tenfour has another: load the page again"}
}

// refuse answers with why a request is not answered.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, why *refusal) {
	switch why.status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", "GET, HEAD, POST")
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="tenfour console"`)
	}
	if why.login && r.Method == http.MethodGet && isPage(r.URL.Path) {
		s.showLogin(w, why.status, "")
		return
	}
	say(w, why.status, why.words)
}

// say answers in plain words.
func say(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "%d: %s\n", status, words)
}

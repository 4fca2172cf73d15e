package console

import (
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"html/template"
	"io"
	"net/http"
)

//go:embed login.html
var loginText string

var loginForm = template.Must(template.New("login.html").Parse(loginText))

// A person logs in with the token of console_token_file, and gets a cookie. It is made of that token and of a key of this process, so that it
// ends with either, and nothing needs to be kept.

// cookieFor is the value of the cookie of clients that have shown a token.
func (s *Server) cookieFor(token string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil))
}

// cookieName has the port in it: browsers send the cookies of one port to all ports of a host.
func cookieName(r *http.Request) string {
	_, port, _ := splitHost(r.Host)
	return "tenfour-console-" + port
}

func (s *Server) hasCookie(r *http.Request, token string) bool {
	c, err := r.Cookie(cookieName(r))
	return err == nil && equal(c.Value, s.cookieFor(token))
}

// login answers the form of the login.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	token := s.now.Load().token()
	switch err := r.ParseForm(); {
	case err != nil:
		say(w, http.StatusBadRequest, "the form cannot be read: "+err.Error())
		return
	case token == "":
		http.Redirect(w, r, "/", http.StatusSeeOther) // none is asked for
		return
	case !equal(r.PostForm.Get("token"), token):
		w.Header().Set("WWW-Authenticate", `Bearer realm="tenfour console"`)
		s.showLogin(w, http.StatusUnauthorized, "This is not the token of console_token_file.")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName(r), Value: s.cookieFor(token), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// showLogin shows the form, and what was wrong with the token.
func (s *Server) showLogin(w http.ResponseWriter, status int, wrong string) {
	s.showPage(w, status, func(w io.Writer) error { return loginForm.Execute(w, wrong) })
}

// Package page has what the console sends to a browser: its pages, styles and scripts.
package page

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"path"

	"tenfour/look"
)

//go:embed *.html *.css *.js *.svg
var embedded embed.FS

var pages = template.Must(template.New("").Funcs(forPeople).Funcs(forHeads).ParseFS(embedded, "*.html"))

// types are the media types of the files that a page asks for. A file of another kind is none of them.
var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// File returns a style, a script or a picture, and its media type. Its address is /page/ and the name.
func File(name string) (data []byte, mediaType string, ok bool) {
	mediaType, ok = types[path.Ext(name)]
	if !ok {
		return nil, "", false
	}
	if name == "look.css" {
		return []byte(look.CSS), mediaType, true
	}
	data, err := embedded.ReadFile(name)
	return data, mediaType, err == nil
}

// WriteIndex writes the page. Without scripts it shows status, which is the text of /status.json. Scripts send token with what they ask
// to be done. Nothing is written when there is an error, unless the error is that of w.
func WriteIndex(w io.Writer, token string, status []byte) error {
	var s map[string]any
	if err := decode(status, &s); err != nil {
		return fmt.Errorf("the console's page: its status: %w", err)
	}
	return write(w, "index.html", map[string]any{"Token": token, "Status": s})
}

// WriteExchange writes the wire view of one exchange as a page of its own, for a browser without scripts. Exchange is the JSON of
// /exchanges/ID, or nil when it is not kept any more.
func WriteExchange(w io.Writer, id string, exchange []byte) error {
	var x map[string]any
	if exchange != nil {
		if err := decode(exchange, &x); err != nil {
			return fmt.Errorf("the console's page of exchange %s: %w", id, err)
		}
	}
	return write(w, "exchange.html", map[string]any{"ID": id, "Exchange": x})
}

// decode reads JSON whose numbers stay as they are written.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

func write(w io.Writer, name string, data any) error {
	var text bytes.Buffer
	if err := pages.ExecuteTemplate(&text, name, data); err != nil {
		return fmt.Errorf("the console's page %s: %w", name, err)
	}
	_, err := w.Write(text.Bytes())
	return err
}

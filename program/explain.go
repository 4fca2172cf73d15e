package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"tenfour/explain"
)

const explainHelp = `tenfour explain [FILE|-]: says what the bytes of requests and responses are, and what tenfour decides from them

  printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' | tenfour explain      a request; several, one after the other; a response
  curl -sv http://127.0.0.1:8000/ 2>&1 | tenfour explain            what curl -v prints, or what nc shows
  tenfour explain --as-request-through request.txt                  what a backend would get of it, too

Without FILE, and for -, it reads standard input. It reads 1 MiB at most.

      --as-request-through[=CONFIG]   also what a backend would get of a request, and clients of HTTP/1.1 and 1.0 of a response,
                                      as CONFIG says, or tenfour.toml if it is there, or the defaults
      --config FILE                   the same as --as-request-through=FILE
      --json                          JSON, one message in a line

On a terminal each kind of byte has its colour; NO_COLOR=1 turns that off. Exit codes: 0 explained, also when the message would be
refused; 1 the file cannot be read; 2 wrong usage, or a configuration that cannot be used. docs/explain.md has the names in the JSON.
`

// explaining is what the command line of explain asks for.
type explaining struct {
	file    string // "-" for standard input
	json    bool
	through bool
	config  string // "" for the file that tenfour would read
}

// explainMost is how many bytes are read.
const explainMost = 1 << 20

// plainWidth is how many columns a page has that no terminal shows.
const plainWidth = 100

// runExplain is the command explain.
func runExplain(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a, err := readExplaining(args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprint(stdout, explainHelp)
		return Stopped
	}
	if err != nil {
		fmt.Fprintf(stderr, "tenfour explain: %v (tenfour explain --help shows how it is used)\n", err)
		return Usage
	}
	var way *through
	if a.through {
		if way, err = newThrough(ctx, a.config); err != nil {
			return refused(err, stderr, "tenfour explain: ")
		}
		defer way.close()
	}
	raw, cut, err := a.read(stderr)
	if err != nil {
		fmt.Fprintln(stderr, "tenfour explain:", err)
		return Failed
	}
	if cut {
		fmt.Fprintf(stderr, "tenfour explain: only the first %d bytes are read\n", explainMost)
	}
	if what := explain.Dump(raw); what != "" {
		fmt.Fprintln(stderr, "tenfour explain:", what)
	}
	out := a.output(stdout, way)
	if err := a.explain(raw, out, stderr); err != nil {
		fmt.Fprintln(stderr, "tenfour explain:", err)
		return Failed
	}
	return Stopped
}

// readExplaining reads a command line.
func readExplaining(args []string) (*explaining, error) {
	a := &explaining{file: "-"}
	fs := pflag.NewFlagSet("tenfour explain", pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	fs.BoolVar(&a.json, "json", false, "")
	through := fs.String("as-request-through", "", "")
	fs.Lookup("as-request-through").NoOptDefVal = asTenfour
	fs.StringVar(&a.config, "config", "", "")
	if err := fs.Parse(args); err != nil {
		return nil, meantFlag(err, fs)
	}
	if fs.NArg() > 1 {
		return nil, fmt.Errorf("%d files: it reads one, and standard input without any", fs.NArg())
	}
	if fs.NArg() == 1 {
		a.file = fs.Arg(0)
	}
	if a.file == "" {
		return nil, errors.New("the name of the file is empty: write one, or leave it out")
	}
	named := *through != "" && *through != asTenfour
	switch {
	case fs.Changed("config") && a.config == "", fs.Changed("as-request-through") && *through == "":
		return nil, errors.New("the name of the configuration is empty: write one, or leave it out")
	case fs.Changed("config") && named:
		return nil, errors.New("--config and --as-request-through=CONFIG: write one of them")
	case named:
		a.config = *through
	}
	a.through = *through != "" || a.config != ""
	return a, nil
}

// asTenfour stands for the configuration that tenfour itself would read.
const asTenfour = " "

// read reads the bytes to explain. cut says that there were more.
func (a *explaining) read(stderr io.Writer) (raw []byte, cut bool, err error) {
	in := os.Stdin
	if a.file != "-" {
		if in, err = os.Open(a.file); err != nil {
			return nil, false, err
		}
		defer in.Close()
	} else if screenOf(in).terminal {
		fmt.Fprintln(stderr, "tenfour explain: type or paste a message, then Ctrl-D")
	}
	raw, err = io.ReadAll(io.LimitReader(in, explainMost+1))
	if err != nil {
		return nil, false, err
	}
	if cut = len(raw) > explainMost; cut {
		raw = raw[:explainMost]
	}
	return raw, cut, nil
}

// output says how a report is written, and what the message becomes on its way, unless that is nil.
func (a *explaining) output(stdout io.Writer, way *through) func(*explain.Report) error {
	if a.json {
		out := json.NewEncoder(stdout)
		out.SetEscapeHTML(false)
		return func(r *explain.Report) error {
			if way == nil {
				return out.Encode(r)
			}
			return out.Encode(struct {
				*explain.Report
				Through []*explain.Sent `json:"through"`
			}{r, way.sent(r)})
		}
	}
	to := screenOf(stdout)
	page := &explain.Page{To: stdout, Width: plainWidth, Colour: to.colours()}
	if to.terminal {
		page.Width = to.columns
	}
	return func(r *explain.Report) error {
		err := page.Report(r)
		if way == nil {
			return err
		}
		for _, s := range way.sent(r) {
			err = page.Sent(s) // the first error of the page, also an earlier one
		}
		return err
	}
}

// explain explains each message, as far as the output can be written.
func (a *explaining) explain(raw []byte, out func(*explain.Report) error, stderr io.Writer) (err error) {
	say := func(r *explain.Report) {
		if err == nil {
			err = out(r)
		}
	}
	left, ok := explain.Pasted(raw, explain.Options{}, say)
	if !ok {
		raw, left = explain.Unprompted(raw)
		explain.Messages(raw, explain.Options{}, say)
	}
	if left > 0 {
		fmt.Fprintf(stderr, "tenfour explain: lines that are no part of a message and were left out: %d\n", left)
	}
	return err
}

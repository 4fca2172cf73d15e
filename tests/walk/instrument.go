package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// build builds this program once more, with every function of ours made to record that it runs (tests/walk/steps). The sources stay as
// they are: go build -overlay takes changed copies from dir. It returns the path of the program.
func build(dir string) (string, error) {
	list := exec.Command("go", "list", "-deps", "-f", `{{if .Module}}{{if .Module.Main}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}`, "./program")
	list.Stderr = os.Stderr
	files, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	replace := map[string]string{}
	for i, path := range strings.Fields(string(files)) {
		text, err := instrumented(path)
		if err != nil {
			return "", err
		}
		replace[path] = filepath.Join(dir, fmt.Sprint(i, ".go"))
		if err := os.WriteFile(replace[path], text, 0o644); err != nil {
			return "", err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	at, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "walk")
	if err := os.WriteFile(at, overlay, 0o644); err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-overlay", at, "-o", program, "./tests/walk").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
}

// instrumented returns a file's text with the calls of steps in it. No line moves.
func instrumented(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, text, 0)
	if err != nil {
		return nil, err
	}
	all := insertions{set: set}
	ast.Inspect(file, all.look)
	if len(all.list) == 0 {
		return text, nil
	}
	all.add(file.Name.End(), `; import steps_ "tenfour/tests/walk/steps"`)
	slices.SortStableFunc(all.list, func(a, b insertion) int { return cmp.Compare(b.at, a.at) }) // from the end on
	for _, i := range all.list {
		text = slices.Insert(text, i.at, []byte(i.text)...)
	}
	return text, nil
}

// insertions is the text that goes into a file, in the order in which it was found out.
type insertions struct {
	set  *token.FileSet
	list []insertion
}

type insertion struct {
	at   int // offset in the file
	text string
}

func (a *insertions) add(at token.Pos, text string) {
	a.list = append(a.list, insertion{a.set.Position(at).Offset, text})
}

// look adds the calls for a node: where a function begins, and in front of what wakes another goroutine. It always returns true,
// so that ast.Inspect goes on.
func (a *insertions) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		switch {
		case n.Body == nil:
		case callsKernel(n.Body):
			a.add(n.Body.Lbrace+1, " steps_.Kernel(); ")
		default:
			a.add(n.Body.Lbrace+1, " steps_.At(); ")
		}
	case *ast.FuncLit:
		a.add(n.Body.Lbrace+1, " steps_.At(); ")
	case *ast.BlockStmt:
		a.wakes(n.List)
	case *ast.CaseClause:
		a.wakes(n.Body)
	case *ast.CommClause:
		a.wakes(n.Body)
	}
	return true
}

// wakes adds a call in front of each statement that wakes another goroutine.
func (a *insertions) wakes(list []ast.Stmt) {
	for _, s := range list {
		if wakesAnother(s) {
			a.add(s.Pos(), "steps_.Wake(); ")
		}
	}
}

// callsKernel reports whether a function calls one of the packages of system calls.
func callsKernel(body *ast.BlockStmt) (calls bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if fun, ok := call.Fun.(*ast.SelectorExpr); ok {
				of, ok := fun.X.(*ast.Ident)
				calls = calls || ok && (of.Name == "unix" || of.Name == "syscall")
			}
		}
		return !calls
	})
	return calls
}

// wakesAnother reports whether s may let another goroutine go on: it sends on a channel, closes one, or starts a goroutine.
func wakesAnother(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.SendStmt, *ast.GoStmt:
		return true
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		name, ok := call.Fun.(*ast.Ident)
		return ok && name.Name == "close"
	}
	return false
}

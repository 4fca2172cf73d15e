// Command typecheck finds what would not compile on other systems, without compiling for them.
//
//	go run ./tests/typecheck linux/arm64 darwin/amd64   from the folder of tenfour's source
//
// Compiling the standard library for one system takes a processor a minute. All that can differ is which files a system has and which
// types its calls have, and both are declarations: so tenfour's packages and their tests are checked as a compiler checks them, and of
// other packages only the declarations.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// listed is a package as go list tells of it. One with tests is listed with its test files too, as "p [p.test]".
type listed struct {
	ImportPath, Name, Dir string
	GoFiles               []string
	ImportMap             map[string]string // from what a file says to an ImportPath, where they differ
	Module                *struct {
		Main      bool
		GoVersion string
	}
}

func main() {
	failed := len(os.Args) < 2
	for _, target := range os.Args[1:] {
		n, err := check(target)
		if err != nil {
			fmt.Printf("%s: %v\n", target, err)
			failed = true
			continue
		}
		fmt.Printf("  %s: %d packages\n", target, n)
	}
	if failed {
		os.Exit(1)
	}
}

// check checks all packages for a system, GOOS/GOARCH, and returns how many of tenfour's it has checked.
func check(target string) (n int, err error) {
	system, arch, _ := strings.Cut(target, "/")
	list := exec.Command("go", "list", "-pgo=off", "-deps", "-test", "-json=ImportPath,Name,Dir,GoFiles,ImportMap,Module", "./...")
	list.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+arch, "CGO_ENABLED=0")
	list.Stderr = os.Stderr
	out, err := list.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := list.Start(); err != nil {
		return 0, err
	}
	done := map[string]*types.Package{"unsafe": types.Unsafe}
	for in := json.NewDecoder(out); ; { // a package comes after those that it imports
		var p listed
		if err := in.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			return n, err
		}
		if p.ImportPath == "unsafe" || strings.HasSuffix(p.ImportPath, ".test") {
			continue
		}
		if done[p.ImportPath], err = p.check(arch, done); err != nil {
			return n, err
		}
		if p.ours() {
			n++
		}
	}
	return n, list.Wait()
}

func (p *listed) ours() bool { return p.Module != nil && p.Module.Main }

// check checks the types of a package.
func (p *listed) check(arch string, done map[string]*types.Package) (*types.Package, error) {
	files := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, f)
	}
	config := types.Config{Importer: importer{p, done}, IgnoreFuncBodies: !p.ours(), Sizes: types.SizesFor("gc", arch)}
	if p.Module != nil && p.Module.GoVersion != "" {
		config.GoVersion = "go" + p.Module.GoVersion
	}
	path, _, _ := strings.Cut(p.ImportPath, " ")
	return config.Check(path, files, parsed, nil)
}

// importer finds what a package imports among those that are done.
type importer struct {
	p    *listed
	done map[string]*types.Package
}

func (i importer) Import(path string) (*types.Package, error) {
	if mapped, ok := i.p.ImportMap[path]; ok {
		path = mapped
	}
	if pkg := i.done[path]; pkg != nil {
		return pkg, nil
	}
	return nil, fmt.Errorf("%s is not among what go list lists", path)
}

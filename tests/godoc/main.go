// Command godoc finds exported names that have no doc comment.
//
//	go run ./tests/godoc   from the folder of tenfour's source; it prints them, and ends with 1 if there are any
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// textbook is the folders that are read to learn HTTP: there every exported field, and every method, has a comment too.
var textbook = []string{"httpparse", "forward"}

// wellKnown are methods whose names say what they do, because the standard library says so.
var wellKnown = []string{"Error", "String", "Unwrap", "MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "ServeHTTP"}

func main() {
	missing := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		n, err := look(path)
		missing += n
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if missing > 0 {
		fmt.Println("say what each is: its unit, what 0 or nil means, which goroutine owns it, the section of the RFC")
		os.Exit(1)
	}
}

// look prints the names of a file that have no comment, and returns how many there are.
func look(path string) (int, error) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, path, nil, parser.ParseComments)
	if err != nil || f.Name.Name == "main" {
		return 0, err
	}
	names := undocumented(f, slices.Contains(textbook, filepath.ToSlash(filepath.Dir(path))))
	for _, name := range names {
		fmt.Printf("%s: %s has no doc comment\n", files.Position(name.Pos()), name.Name)
	}
	return len(names), nil
}

// undocumented returns the exported names that a file declares without a comment. all is whether fields and well-known methods count.
func undocumented(f *ast.File, all bool) (names []*ast.Ident) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			known := d.Recv != nil && slices.Contains(wellKnown, d.Name.Name)
			if d.Doc == nil && d.Name.IsExported() && isOfExported(d) && (all || !known) {
				names = append(names, d.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				names = append(names, undocumentedSpec(d, s, all)...)
			}
		}
	}
	return names
}

// isOfExported reports whether d is a function, or a method of an exported type.
func isOfExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	of := d.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if generic, ok := of.(*ast.IndexExpr); ok {
		of = generic.X
	}
	name, ok := of.(*ast.Ident)
	return ok && name.IsExported()
}

// undocumentedSpec is undocumented for one declaration of a group. A comment above the group is one for each of its names.
func undocumentedSpec(d *ast.GenDecl, s ast.Spec, all bool) (names []*ast.Ident) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return nil
		}
		if d.Doc == nil && s.Doc == nil && s.Comment == nil {
			names = append(names, s.Name)
		}
		if is, ok := s.Type.(*ast.StructType); ok && all {
			names = append(names, undocumentedFields(is.Fields)...)
		}
		if is, ok := s.Type.(*ast.InterfaceType); ok && all {
			names = append(names, undocumentedFields(is.Methods)...)
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
				names = append(names, name)
			}
		}
	}
	return names
}

func undocumentedFields(fields *ast.FieldList) (names []*ast.Ident) {
	for _, field := range fields.List {
		for _, name := range field.Names {
			if name.IsExported() && field.Doc == nil && field.Comment == nil {
				names = append(names, name)
			}
		}
	}
	return names
}

// Package structure holds the bounds that the code keeps to: no file uses another
// one that uses it, and no package, file or type grows without end.
package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../../internal"

// What a package, a file and a type may have.
const (
	mostLines     = 2500
	mostFileLines = 400
	mostMethods   = 15
)

// large are packages that may have more lines: each is one subject that is large.
var large = []string{"cli", "engine", "host"}

// layered are the packages whose files build on each other in one direction.
var layered = []string{"guard", "ops", "plan", "ports", "preflight", "run", "settings", "step", "world"}

// allowed is what is not so yet.
var allowed = map[string]bool{}

// sources are the non-test files of a package.
type sources struct {
	dir   string // below root
	set   *token.FileSet
	files []*ast.File
	lines map[string]int
}

// packages reads all packages below root.
func packages(t *testing.T) (out []*sources) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if entry.Name() == "testdata" {
			return fs.SkipDir
		}
		p := &sources{dir: strings.TrimPrefix(strings.TrimPrefix(path, root), "/"), set: token.NewFileSet(), lines: map[string]int{}}
		names, err := filepath.Glob(filepath.Join(path, "*.go"))
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(p.set, name, text, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			p.files = append(p.files, file)
			p.lines[filepath.Base(name)] = strings.Count(string(text), "\n")
		}
		if len(p.files) > 0 {
			out = append(out, p)
		}
		return err
	})
	if err != nil || len(out) < 30 {
		t.Fatalf("%d packages: %v", len(out), err)
	}
	return out
}

// nothing imports empty packages: what comes from elsewhere does not count here.
type nothing map[string]*types.Package

func (n nothing) Import(path string) (*types.Package, error) {
	if n[path] == nil {
		n[path] = types.NewPackage(path, filepath.Base(path))
		n[path].MarkComplete()
	}
	return n[path], nil
}

// uses says of each file which other files of the package it uses names of.
func (p *sources) uses() map[string][]string {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: nothing{}, Error: func(error) {}}
	pkg, _ := config.Check(p.dir, p.set, p.files, info) // what comes from elsewhere is unknown, and an error each time
	file := func(at token.Pos) string { return filepath.Base(p.set.Position(at).Filename) }
	out := map[string][]string{}
	for name := range p.lines {
		out[name] = nil
	}
	for ident, object := range info.Uses {
		from, to := file(ident.Pos()), ""
		if object.Pkg() == pkg && object.Pos().IsValid() {
			to = file(object.Pos())
		}
		if to != "" && to != from && !slices.Contains(out[from], to) {
			out[from] = append(out[from], to)
		}
	}
	return out
}

// circles are the groups of files of which each uses, in the end, each other.
func circles(uses map[string][]string) (out []string) {
	reach := func(from string) map[string]bool {
		seen, next := map[string]bool{}, slices.Clone(uses[from])
		for len(next) > 0 {
			at := next[0]
			if next = next[1:]; !seen[at] {
				seen[at] = true
				next = append(next, uses[at]...)
			}
		}
		return seen
	}
	from := map[string]map[string]bool{}
	for name := range uses {
		from[name] = reach(name)
	}
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		var circle []string
		for other := range from[name] {
			if from[other][name] {
				circle = append(circle, other)
			}
		}
		slices.Sort(circle)
		if text := strings.Join(circle, " "); len(circle) > 0 && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// methods counts the methods of each type.
func (p *sources) methods() map[string]int {
	out := map[string]int{}
	for _, file := range p.files {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv == nil {
				continue
			}
			of := f.Recv.List[0].Type
			if star, ok := of.(*ast.StarExpr); ok {
				of = star.X
			}
			if index, ok := of.(*ast.IndexExpr); ok {
				of = index.X
			}
			if name, ok := of.(*ast.Ident); ok {
				out[name.Name]++
			}
		}
	}
	return out
}

// check fails for what is not so and not allowed, and for what is allowed and so.
func check(t *testing.T, what string, broken bool) {
	t.Helper()
	switch {
	case broken && !allowed[what]:
		t.Error(what)
	case !broken && allowed[what]:
		t.Errorf("this is so by now, and need not be allowed: %s", what)
	}
}

func TestNoFileUsesOneThatUsesIt(t *testing.T) {
	for _, p := range packages(t) {
		first, _, _ := strings.Cut(p.dir, "/")
		if !slices.Contains(layered, first) {
			continue
		}
		found := circles(p.uses())
		for _, circle := range found {
			t.Logf("%s: %s", p.dir, circle)
		}
		check(t, p.dir+" has files that use each other", len(found) > 0)
	}
}

func TestBounds(t *testing.T) {
	for _, p := range packages(t) {
		lines := 0
		for name, n := range p.lines {
			lines += n
			check(t, p.dir+"/"+name+" is too long", n > mostFileLines)
		}
		if !slices.Contains(large, p.dir) {
			check(t, p.dir+" has too many lines", lines > mostLines)
		}
		for name, n := range p.methods() {
			check(t, p.dir+"."+name+" has too many methods", n > mostMethods)
		}
	}
}

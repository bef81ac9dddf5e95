package instance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// writers are the functions that change what is on the disk.
var writers = []string{
	"os.WriteFile", "os.Create", "os.CreateTemp", "os.Rename", "os.Remove", "os.RemoveAll", "os.Mkdir", "os.MkdirAll", "os.MkdirTemp", "os.OpenFile",
	"os.Chmod", "os.Chown", "os.Lchown", "os.Truncate", "os.Symlink", "os.Link", "os.OpenRoot",
	"host.WriteFile", "host.CreateTemp", "host.Rename", "host.Remove", "host.CopyFile", "host.MoveFile",
}

// Only this package writes below the work directory, and only run writes the
// journal: others name what they mean to Own.
func TestWhoWritesInTheWorkDirectory(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path == "../instance" {
			return fs.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := nameOf(call.Fun)
			at := set.Position(call.Pos())
			for _, arg := range call.Args {
				if slices.Contains(writers, name) && calls(arg, "Work", "KeptPath") {
					t.Errorf("%s: %s writes in the work directory: use instance.Own", at, name)
				}
				if strings.HasPrefix(name, "instance.Own.") && mentions(arg, "JournalName") && !strings.HasPrefix(path, "../run/") {
					t.Errorf("%s: %s: only run writes the journal", at, name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// nameOf is "os.WriteFile", or "instance.Own(d).Write" without what d is.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return nameOf(e.X) + "." + e.Sel.Name
	case *ast.CallExpr:
		return nameOf(e.Fun)
	}
	return ""
}

// calls reports whether an expression calls a method of one of these names.
func calls(e ast.Expr, names ...string) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			s, ok := call.Fun.(*ast.SelectorExpr)
			found = found || ok && slices.Contains(names, s.Sel.Name)
		}
		return !found
	})
	return found
}

func mentions(e ast.Expr, name string) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return !found
	})
	return found
}

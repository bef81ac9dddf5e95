package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestHintsNameCommands holds what errors propose against the commands that
// there are, with the flags that they have.
func TestHintsNameCommands(t *testing.T) {
	t.Parallel()
	files, found := token.NewFileSet(), 0
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if args := hinted(call); len(args) > 0 {
					found++
					knows(t, files.Position(call.Pos()).String(), args)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || found < 30 {
		t.Errorf("%d hints, %v", found, err)
	}
}

// hinted are the arguments of a command that a call proposes; "FILE" for what is
// known only when it is printed.
func hinted(call *ast.CallExpr) []string {
	of, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	from, known := map[string]int{"Run": 1, "Anywhere": 1, "Beside": 2, "Command": 1}[of.Sel.Name]
	if x, ok := of.X.(*ast.Ident); !known || !ok || x.Name != "finding" || len(call.Args) < from {
		return nil
	}
	var out []string
	for _, arg := range call.Args[from:] {
		text := "FILE"
		if lit, ok := arg.(*ast.BasicLit); ok {
			text, _ = strconv.Unquote(lit.Value)
		}
		out = append(out, text)
	}
	return out
}

func knows(t *testing.T, where string, args []string) {
	cmd, _, err := newRoot(&app{}).Find(args)
	if err != nil || !strings.HasPrefix(args[0], "-") && args[0] != "FILE" && cmd == cmd.Root() {
		t.Errorf("%s: there is no command %q: %v", where, args, err)
		return
	}
	for _, arg := range args {
		name, flag := strings.CutPrefix(arg, "--")
		if flag && name != "" && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
			t.Errorf("%s: %s has no %s", where, cmd.Name(), arg)
		}
	}
}

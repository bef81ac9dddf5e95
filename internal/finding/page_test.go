package finding

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/errors.md again")

const pageHead = `# Look up the name of an error

With ` + "`--json`" + ` the last line of a command that fails has an ` + "`id`" + `: the name of what was
found. A name stays the same, wherever the thing is found and however the
sentence about it changes. Where several problems are found at once, ` + "`problems`" + `
lists each with its own ` + "`id`" + `. ` + "`doctor --json`" + ` has the same names. All other errors,
such as a disk that cannot be read, have the name ` + "`unexpected`" + `.

The exit code is that of the command (see [exit-codes.md](exit-codes.md)): an
upgrade that was rolled back because OpenAlgo did not get ready ends with 4 and
has the name ` + "`not-ready`" + `.

| id | exit code | what it means |
|---|---|---|
`

const pageWarnings = `
## Warnings

A warning ends no command. In the plan of ` + "`--dry-run --json`, and wherever else `warnings`" + `
lists what they say, ` + "`findings`" + ` lists each with its ` + "`id`, its `text`" + ` and, where there is
one, what to do about it: ` + "`hints`, each with `do` and the arguments `args`" + ` of a command of
openalgo-install, or the commands ` + "`shell`" + ` of other programs. The event of a warning has
` + "`id` and `hints`" + `, too, and so has the event that ends a command which failed.

| id | what it means |
|---|---|
`

// exits are the exit codes of the kinds, as docs/exit-codes.md has them.
var exits = map[string]string{"Failed": "1", "Usage": "2", "HostNotReady": "3", "RolledBack": "4", "Broken": "5", "Cancelled": "130"}

// named is what the sources say about one name.
type named struct {
	exits map[string]bool
	says  string
	where string
}

type page struct {
	files    *token.FileSet
	names    map[string]*named
	warnings map[string]*named
}

// TestErrorsPage holds docs/errors.md against the sources: each name that an
// error can have, and no other.
func TestErrorsPage(t *testing.T) {
	t.Parallel()
	p := page{token.NewFileSet(), map[string]*named{}, map[string]*named{}}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(p.files, path, nil, 0)
		if err == nil {
			ast.Inspect(file, func(n ast.Node) bool { p.look(t, n); return true })
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const name = "../../docs/errors.md"
	there, _ := os.ReadFile(name)
	errorsThere, warningsThere, _ := strings.Cut(string(there), pageWarnings)
	text := pageHead
	says := said(errorsThere)
	for _, id := range slices.Sorted(maps.Keys(p.names)) {
		n := p.names[id]
		n.check(t, id)
		codes := "any"
		if len(n.exits) > 0 {
			codes = strings.Join(slices.Sorted(maps.Keys(n.exits)), ", ")
		}
		text += fmt.Sprintf("| `%s` | %s | %s |\n", id, codes, cmp.Or(says[id], n.says))
	}
	text, says = text+pageWarnings, said(warningsThere)
	for _, id := range slices.Sorted(maps.Keys(p.warnings)) {
		n := p.warnings[id]
		n.check(t, id)
		text += fmt.Sprintf("| `%s` | %s |\n", id, cmp.Or(says[id], n.says))
	}
	if *update {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if there, err = os.ReadFile(name); err != nil || string(there) != text {
		t.Errorf("docs/errors.md is not what the sources say (make docs writes it): %v", err)
	}
}

// check refuses a name that programs could not rely on.
func (n *named) check(t *testing.T, id string) {
	if !wellFormed.MatchString(id) || len(id) > 24 {
		t.Errorf("%s: %q is no name: small letters and dashes, at most 24", n.where, id)
	}
}

// said is what a table of the page says already of each name; it stays.
func said(table string) map[string]string {
	out := map[string]string{}
	for _, row := range rows.FindAllStringSubmatch(table, -1) {
		out[row[1]] = row[2]
	}
	return out
}

// rows are the names that a table has, each with what it means.
var rows = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|(?: [^|]* \\|)? (.*) \\|$")

var wellFormed = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// look notes the name that a call or a value gives to an error.
func (p *page) look(t *testing.T, n ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpr:
		switch called(n.Fun) {
		case "Named":
			if len(n.Args) > 2 {
				p.note(t, p.names, n.Args[1], called(n.Args[0]), literal(n.Args[2]), n.Pos())
			}
		case "Warn":
			if of, ok := n.Fun.(*ast.SelectorExpr); ok && called(of.X) == "finding" {
				p.note(t, p.warnings, n.Args[0], "", literal(n.Args[1]), n.Pos())
			}
		case "add", "Add":
			if _, method := n.Fun.(*ast.SelectorExpr); method && len(n.Args) > 1 && literal(n.Args[0]) != "" && literal(n.Args[1]) != "" {
				p.note(t, p.names, n.Args[0], "HostNotReady", literal(n.Args[1]), n.Pos())
			}
		case "Cause":
			if len(n.Args) < 2 {
				return // of an error, not ours
			}
			p.note(t, p.names, n.Args[0], "", literal(n.Args[1]), n.Pos())
		}
	case *ast.FuncDecl:
		if n.Name.Name == "FindingID" && len(n.Body.List) == 1 {
			if r, ok := n.Body.List[0].(*ast.ReturnStmt); ok && literal(r.Results[0]) != "" {
				p.note(t, p.names, r.Results[0], "", "", n.Pos())
			}
		}
	case *ast.CompositeLit:
		p.value(t, n)
	}
}

// value notes the name of an Error that is written down with its fields.
func (p *page) value(t *testing.T, n *ast.CompositeLit) {
	of, ok := n.Type.(*ast.SelectorExpr)
	if !ok || called(of) != "Error" || called(of.X) != "finding" {
		return
	}
	fields := map[string]ast.Expr{}
	for _, e := range n.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			fields[called(kv.Key)] = kv.Value
		}
	}
	if fields["ID"] == nil {
		t.Errorf("%s: an error without a name", p.files.Position(n.Pos()))
		return
	}
	says := ""
	if call, ok := fields["Err"].(*ast.CallExpr); ok && len(call.Args) > 0 {
		says = literal(call.Args[0])
	}
	p.note(t, p.names, fields["ID"], called(fields["Kind"]), says, n.Pos())
}

func (p *page) note(t *testing.T, names map[string]*named, id ast.Expr, kind, format string, at token.Pos) {
	lit, ok := id.(*ast.BasicLit)
	if !ok {
		return // passed on: its own place names it
	}
	name := literal(lit)
	if name == "" {
		t.Errorf("%s: an error without a name", p.files.Position(at))
		return
	}
	n := names[name]
	if n == nil {
		n = &named{exits: map[string]bool{}, where: p.files.Position(at).String()}
		names[name] = n
	}
	if code := exits[kind]; code != "" {
		n.exits[code] = true
	}
	if says := example(format); len(strings.Trim(n.says, "… :")) < 12 && len(says) > len(n.says) {
		n.says = says
	}
}

var verbs = regexp.MustCompile(`%(\[\d\])?\.?\d*[a-z]`)

// example is the first sentence of a format, with dots for what it fills in.
func example(format string) string {
	text, _, _ := strings.Cut(format, "\n")
	text, _, _ = strings.Cut(text, ". ")
	return strings.TrimRight(strings.ReplaceAll(verbs.ReplaceAllString(text, "…"), "|", `\|`), ".:")
}

// called is the last part of a name.
func called(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// literal is a text that is written down, in one piece or several.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return ""
}

package words

import (
	"bufio"
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

const root = "../.."

var update = flag.Bool("update", false, "write the list of what is left")

// place is one word that is out, where it stands.
type place struct {
	file, kind, text, word string
	line                   int
}

// TestWords finds the words that are out. What is left to do is in left.txt: it may
// only shrink.
func TestWords(t *testing.T) {
	t.Parallel()
	var places []place
	for _, dir := range []string{"cmd", "internal", "templates", "docs", "test", "bench", "scripts"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "words"):
				return fs.SkipDir
			case !entry.IsDir():
				places = append(places, read(t, path)...)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(root, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		places = append(places, read(t, file)...)
	}
	judge(t, places)
}

// judge compares what was found with what is known to be left.
func judge(t *testing.T, places []place) {
	t.Helper()
	count := map[string]int{}
	for _, p := range places {
		count[p.kind+" "+p.file]++
	}
	const list = "testdata/left.txt"
	if *update {
		var out strings.Builder
		for _, key := range slices.Sorted(maps.Keys(count)) {
			fmt.Fprintf(&out, "%s %d\n", key, count[key])
		}
		if err := os.WriteFile(list, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	left := known(t, list)
	for _, p := range places {
		key := p.kind + " " + p.file
		switch over := count[key] - left[key]; {
		case left[key] == 0:
			t.Errorf("%s:%d: %s\n\t%s", p.file, p.line, p.word, p.text)
		case over > 0:
			t.Errorf("%s:%d: %s\n\t%s\n\t(%d in this file are known, and it has %d)", p.file, p.line, p.word, p.text, left[key], count[key])
		case testing.Verbose():
			t.Logf("%s:%d: %s\n\t%s", p.file, p.line, p.word, p.text)
		}
	}
}

// known reads how many words that are out each file still has.
func known(t *testing.T, list string) map[string]int {
	t.Helper()
	left := map[string]int{}
	file, err := os.Open(list)
	if os.IsNotExist(err) {
		return left
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if part := strings.Fields(lines.Text()); len(part) == 3 {
			left[part[0]+" "+part[1]], _ = strconv.Atoi(part[2])
		}
	}
	return left
}

// read returns what is out in one file.
func read(t *testing.T, path string) []place {
	t.Helper()
	name := filepath.ToSlash(strings.TrimPrefix(path, root+"/"))
	switch filepath.Ext(path) {
	case ".go":
		return source(t, path, name)
	case ".md":
		return prose(t, path, name, "docs")
	case ".1", ".yaml", ".json", ".tmpl":
		if strings.HasPrefix(name, "internal/") || strings.HasPrefix(name, "templates/") {
			return prose(t, path, name, "texts")
		}
	case ".sh":
		return prose(t, path, name, "scripts")
	}
	return nil
}

// source finds what is out in the texts and the comments of a Go file. Texts have
// a space; those of tests are read by developers alone.
func source(t *testing.T, path, name string) (places []place) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	add := func(pos token.Pos, kind, text string) {
		for _, word := range In(text, kind == "comments") {
			places = append(places, place{file: name, kind: kind, text: text, word: word, line: set.Position(pos).Line})
		}
	}
	for _, group := range file.Comments {
		add(group.Pos(), "comments", group.Text())
	}
	if strings.HasSuffix(path, "_test.go") || !strings.HasPrefix(name, "internal/") && !strings.HasPrefix(name, "cmd/") {
		return places
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.CallExpr:
			return !pattern(n)
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if n.Kind == token.STRING && err == nil && strings.Contains(strings.TrimSpace(text), " ") && !foreign(name, text) {
				add(n.Pos(), "texts", text)
			}
		}
		return true
	})
	return places
}

// pattern reports whether a call compiles a pattern, or looks for a text: what it
// names is what others say.
func pattern(call *ast.CallExpr) bool {
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of, ok := fun.X.(*ast.Ident)
	return ok && (of.Name == "regexp" || of.Name == "strings" && slices.Contains([]string{"Contains", "HasPrefix", "Cut", "CutPrefix"}, fun.Sel.Name))
}

// foreign reports whether a text is a quote, for the reason that is given.
func foreign(file, text string) bool {
	return slices.ContainsFunc(quotes, func(q quote) bool {
		return q.file == file && strings.Contains(text, q.text)
	})
}

// fence begins and ends code in a page.
var fence = regexp.MustCompile("^\\s*```")

// prose finds what is out in a page. Code is what a program prints, or reads.
func prose(t *testing.T, path, name, kind string) (places []place) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	code := false
	for i, line := range strings.Split(string(data), "\n") {
		if kind == "docs" && fence.MatchString(line) {
			code = !code
		}
		if code || kind == "docs" && strings.HasPrefix(line, "    ") || foreign(name, line) {
			continue
		}
		for _, word := range In(line, kind == "scripts") {
			places = append(places, place{file: name, kind: kind, text: line, word: word, line: i + 1})
		}
	}
	return places
}

func TestIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"the former file, made anew":                        2,
		"connect to the engine of this host":                2,
		"Docker Engine 20.10 runs on this machine":          0,
		"run it with --rehearse, or set tls.edge to a path": 0,
		"write `due: host` and can't be had":                1,
		"5 %% of it, 5% of that":                            1,
		"the certificate authority; another authority":      1,
	} {
		if got := In(text, false); len(got) != want {
			t.Errorf("%q: %q, want %d", text, got, want)
		}
	}
	if got := In("the engine of a former host", true); len(got) != 1 {
		t.Errorf("a comment has %q", got)
	}
}

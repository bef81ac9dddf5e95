// Package pages checks the pages that people read: that links lead somewhere, that
// tables say what their columns are, and that pictures have words.
package pages

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	source  = regexp.MustCompile(`(?:src|srcset)="([^"]+)"`)
	picture = regexp.MustCompile(`<img [^>]*>`)
	heading = regexp.MustCompile(`^#+ (.*)$`)
	unnamed = regexp.MustCompile(`[^a-z0-9 _-]`)
)

// page is a page with the anchors of its headings, and its lines without code.
type page struct {
	lines   []string
	anchors map[string]bool
}

// pages reads all of them: what is at the top of the repository, and docs.
func pages(t *testing.T) map[string]page {
	t.Helper()
	out := map[string]page{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/cli/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d pages, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p := page{anchors: map[string]bool{}}
			code := false
			for _, line := range strings.Split(string(text), "\n") {
				if strings.HasPrefix(strings.TrimSpace(line), "```") {
					code = !code
				}
				if code || strings.HasPrefix(line, "    ") {
					line = "" // its number stays
				}
				p.lines = append(p.lines, line)
				if m := heading.FindStringSubmatch(line); m != nil {
					name := unnamed.ReplaceAllString(strings.ToLower(m[1]), "")
					p.anchors[strings.ReplaceAll(name, " ", "-")] = true
				}
			}
			out[filepath.Clean(path)] = p
		}
	}
	return out
}

// A link to a file of this repository has a file, and one to a heading has the
// heading. What a picture shows is there, and in words as well.
func TestLinks(t *testing.T) {
	all := pages(t)
	for path, p := range all {
		for i, line := range p.lines {
			line = regexp.MustCompile("`[^`]*`").ReplaceAllString(line, "")
			for _, m := range append(link.FindAllStringSubmatch(line, -1), source.FindAllStringSubmatch(line, -1)...) {
				file, anchor, _ := strings.Cut(m[1], "#")
				if strings.Contains(file, "://") || strings.HasPrefix(file, "mailto:") {
					continue
				}
				to := path
				if file != "" {
					to = filepath.Join(filepath.Dir(path), file)
				}
				if _, err := os.Stat(to); err != nil {
					t.Errorf("%s:%d: %s is not there", path, i+1, m[1])
				} else if target, known := all[to]; anchor != "" && known && !target.anchors[anchor] {
					t.Errorf("%s:%d: %s has no heading %s", path, i+1, to, anchor)
				}
			}
			for _, img := range picture.FindAllString(line, -1) {
				if !regexp.MustCompile(`alt="[^"]{20,}"`).MatchString(img) {
					t.Errorf("%s:%d: a picture without words: %s", path, i+1, img)
				}
			}
		}
	}
}

// Each column of a table says what it has.
func TestTables(t *testing.T) {
	for path, p := range pages(t) {
		for i, line := range p.lines {
			if i == 0 || !strings.HasPrefix(line, "|--") {
				continue
			}
			for _, column := range strings.Split(strings.Trim(p.lines[i-1], "|"), "|") {
				if name := strings.ToLower(strings.TrimSpace(column)); name == "" || name == "what" || name == "for" || name == "how" {
					t.Errorf("%s:%d: a column is called %q", path, i, name)
				}
			}
		}
	}
}

// A page begins with its title, and docs/README.md leads to each.
func TestIndex(t *testing.T) {
	all := pages(t)
	index := strings.Join(all[filepath.Join(root, "docs", "README.md")].lines, "\n")
	for path, p := range all {
		if !strings.HasPrefix(p.lines[0], "# ") && !strings.Contains(path, "docs/cli/") && !strings.HasPrefix(p.lines[0], "## ") {
			t.Errorf("%s has no title", path)
		}
		if name := filepath.Base(path); filepath.Dir(path) == filepath.Join(root, "docs") && name != "README.md" && !strings.Contains(index, "("+name+")") {
			t.Errorf("docs/README.md does not lead to %s", name)
		}
	}
}

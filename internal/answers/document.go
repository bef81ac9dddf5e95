package answers

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

const exampleHint = "`openalgo-install answers init` prints an example"

// document returns the one mapping that the file must be.
func document(data []byte) (*yaml.Node, *Problem) {
	if offset := printable.NotUTF8(data); offset >= 0 {
		line := 1 + bytes.Count(data[:offset], []byte("\n"))
		column := 1 + utf8.RuneCount(data[bytes.LastIndexByte(data[:offset], '\n')+1:offset])
		return nil, &Problem{Line: line, Column: column, Message: "this is not UTF-8 text; save the file as UTF-8 (an editor may call other forms ANSI or UTF-16)"}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, emptyProblem()
	} else if err != nil {
		return nil, syntaxProblem(data, err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, &Problem{Line: max(second.Line, 1), Column: 1, Message: "there is a second document after `---`. Use one file for each set of answers"}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxProblem(data, err)
	}
	if len(doc.Content) == 0 || empty(doc.Content[0]) {
		return nil, emptyProblem()
	}
	root := doc.Content[0]
	if fault := notPlain(root); fault != "" {
		return nil, &Problem{Line: max(root.Line, 1), Column: max(root.Column, 1), Message: fault}
	}
	if root.Kind != yaml.MappingNode {
		return nil, &Problem{Line: max(root.Line, 1), Column: max(root.Column, 1), Message: "the answers must be `key: value` lines, for example `version: 1`; " + exampleHint}
	}
	return root, nil
}

func emptyProblem() *Problem {
	return &Problem{Message: "the file is empty. Begin with `version: 1` and `broker: {name: zerodha, ...}`; " + exampleHint}
}

var linePattern = regexp.MustCompile(`line (\d+)(?:, column (\d+))?`)

// syntaxProblem keeps the parser's place and drops its text, which may quote
// the file.
func syntaxProblem(data []byte, err error) *Problem {
	p := &Problem{Line: 1, Column: 1, Message: "this is not YAML: check indentation, quotes, brackets and the space after each colon, here and in the line before; for example: `domain: algo.example.com`"}
	if m := linePattern.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1])
		column, _ := strconv.Atoi(m[2])
		p.Line, p.Column = max(line, 1), max(column, 1)
	}
	lines := strings.Split(string(data), "\n")
	if p.Line <= len(lines) {
		text := lines[p.Line-1]
		if indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]; strings.Contains(indent, "\t") {
			p.Message = "this line is indented with a tab; YAML needs spaces, for example two for each level"
		}
	}
	return p
}

// empty reports whether a key has nothing behind it: it counts as left out.
func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// notPlain says what is wrong with a node that means something else than it
// shows, or nothing. A tag matters most: `!vault` is ciphertext, not a secret.
func notPlain(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return "anchors and aliases (& and *) are not supported. Write the whole value, in quotes if it begins with & or *"
	case n.Style&yaml.TaggedStyle != 0 || n.Tag == "!":
		return "tags (!...) are not supported. Write the plain value, in quotes if it begins with !"
	}
	return ""
}

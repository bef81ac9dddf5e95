package answers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

func (r *reader) section(example string, fields map[string]field) field {
	return func(key string, node *yaml.Node) {
		if node.Kind != yaml.MappingNode {
			r.mistyped(key, node, "this must be a section with keys of its own, e.g. `%s: %s`", key, example)
			return
		}
		r.mapping(key+".", node, fields)
	}
}

// scalar wants one plain value of one of the types.
func (r *reader) scalar(key string, node *yaml.Node, want string, tags ...string) bool {
	switch {
	case node.Kind != yaml.ScalarNode:
		r.mistyped(key, node, "this must be one value: %s", want)
	case slices.Contains(tags, node.Tag):
		return true
	case node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		r.mistyped(key, node, "%s in quotes is text, and this must be %s", quote(node.Value), want)
	default:
		r.mistyped(key, node, "%s is not %s", quote(node.Value), want)
	}
	return false
}

func (r *reader) text(to *string, example string) field {
	return func(key string, node *yaml.Node) {
		if r.scalar(key, node, fmt.Sprintf("a text (put it in quotes if it is right), e.g. %s", example), "!!str") {
			*to = node.Value
		}
	}
}

// ref is a text that may look like a number or a date: a tag or a commit.
func (r *reader) ref(to *string) field {
	return func(key string, node *yaml.Node) {
		if r.scalar(key, node, "a text, e.g. "+DefaultImage, "!!str", "!!int", "!!float", "!!timestamp") {
			*to = node.Value
		}
	}
}

func (r *reader) integer(to *int, example int) field {
	return func(key string, node *yaml.Node) {
		want := fmt.Sprintf("a whole number without quotes, e.g. %d", example)
		if !r.scalar(key, node, want, "!!int") {
			return
		}
		n, err := strconv.Atoi(node.Value)
		if err != nil {
			r.mistyped(key, node, "%s is not %s", quote(node.Value), want)
			return
		}
		*to = n
	}
}

func (r *reader) autoInteger(to *int, example int) field {
	return func(key string, node *yaml.Node) {
		if node.Kind == yaml.ScalarNode && node.Value == "auto" {
			return
		}
		want := fmt.Sprintf("auto or a whole number above 0 without quotes, e.g. %d", example)
		if !r.scalar(key, node, want, "!!int") {
			return
		}
		n, err := strconv.Atoi(node.Value)
		if err != nil || n < 1 {
			r.mistyped(key, node, "%s is not %s", quote(node.Value), want)
			return
		}
		*to = n
	}
}

func (r *reader) memory(to *int) field {
	return func(key string, node *yaml.Node) {
		const want = "auto or an amount of memory, e.g. 4GB, 3910MiB, 512m or 4096 (MiB)"
		// 3.5 alone is refused: it would be MiB, and GB was meant.
		if !r.scalar(key, node, want, "!!str", "!!int") || node.Value == "auto" {
			return
		}
		n, err := sizing.ParseMemory(node.Value)
		if err != nil {
			r.mistyped(key, node, "%s is not %s", quote(node.Value), want)
			return
		}
		*to = n
	}
}

func (r *reader) boolean(to *bool) field {
	return func(key string, node *yaml.Node) {
		if r.scalar(key, node, "true or false (without quotes)", "!!bool") {
			*to = strings.EqualFold(node.Value, "true")
		}
	}
}

const secretForms = "a text, {env: NAME} or {file: /path}"

// secret takes a plain value as it is written, {env: NAME} or {file: path}.
func (r *reader) secret(to *secret.Text) field {
	return func(key string, node *yaml.Node) {
		switch node.Kind {
		case yaml.ScalarNode:
			*to = secret.New(node.Value)
		case yaml.MappingNode:
			r.reference(key, node, to)
		default:
			r.mistyped(key, node, "this must be %s", secretForms)
		}
	}
}

// reference reads {env: NAME} or {file: path}. Other keys are not named in the
// message: with {x1} or an unfilled template they are the secret itself.
func (r *reader) reference(key string, node *yaml.Node, to *secret.Text) {
	var env, file string
	fields := map[string]field{"env": r.text(&env, "BROKER_API_KEY"), "file": r.text(&file, "/run/secrets/broker")}
	for i := 0; i < len(node.Content); i += 2 {
		if _, known := fields[node.Content[i].Value]; !known || node.Content[i].Kind != yaml.ScalarNode {
			r.mistyped(key, node, "this must be %s; a text that has braces of its own goes in quotes, and a {{ template }} must be filled in first", secretForms)
			return
		}
	}
	before := len(r.problems)
	r.mapping(key+".", node, fields)
	switch {
	case len(r.problems) > before:
		r.unread[key] = true
	case r.saved:
		r.mistyped(key, node, "saved answers hold no secrets and no references to them; take this out")
	case env != "" && file != "":
		r.mistyped(key, node, "both env and file are given; keep one, e.g. {env: %s}", "BROKER_API_KEY")
	case env == "" && file == "":
		r.mistyped(key, node, "the reference names nothing; write {env: NAME} or {file: /path}")
	case env != "":
		r.fromEnv(key, node, env, to)
	default:
		r.fromFile(key, node, file, to)
	}
}

func (r *reader) fromEnv(key string, node *yaml.Node, name string, to *secret.Text) {
	if !keyPattern.MatchString(name) {
		r.mistyped(key, node, "env wants the name of an environment variable, without $, e.g. {env: BROKER_API_KEY}")
		return
	}
	value, ok := "", false
	if r.lookup.Env != nil {
		value, ok = r.lookup.Env(name)
	}
	if !ok {
		r.mistyped(key, node, "the environment variable %s is not set; export it first (sudo drops variables unless -E or --preserve-env keeps them)", name)
		return
	}
	*to, r.source[key] = secret.New(value), "the environment variable "+name
}

func (r *reader) fromFile(key string, node *yaml.Node, path string, to *secret.Text) {
	if r.lookup.ReadFile == nil {
		r.mistyped(key, node, "files are not read here; write a text or {env: NAME}")
		return
	}
	value, err := r.lookup.ReadFile(path)
	if err != nil {
		r.mistyped(key, node, "reading the secret: %v; give the path of a file that this user can read, e.g. {file: /run/secrets/broker}", err)
		return
	}
	// Editors end the last line; that line end is not part of the secret.
	text, ended := strings.CutSuffix(string(value), "\n")
	if ended {
		text = strings.TrimSuffix(text, "\r")
	}
	*to, r.source[key] = secret.New(text), "the file "+path
}

// texts is a section whose keys are free, and whose values are plain texts.
func (r *reader) texts(to map[string]string, example string) field {
	return func(key string, node *yaml.Node) {
		if node.Kind != yaml.MappingNode {
			r.mistyped(key, node, "this must be a section with names and values, e.g. `build_args: %s`", example)
			return
		}
		fields := map[string]field{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := node.Content[i].Value
			if keyPattern.MatchString(name) {
				fields[name] = func(key string, value *yaml.Node) {
					if r.scalar(key, value, "a text", "!!str", "!!int", "!!float", "!!bool") {
						to[name] = value.Value
					}
				}
				to[name] = ""
			}
		}
		r.mapping(key+".", node, fields)
	}
}

func (r *reader) environment(to map[string]secret.Text) field {
	return func(key string, node *yaml.Node) {
		if node.Kind != yaml.MappingNode {
			r.mistyped(key, node, "this must be a section of settings, e.g. `env: {LOG_LEVEL: DEBUG}`")
			return
		}
		fields := map[string]field{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := node.Content[i].Value
			if !word.MatchString(name) {
				continue // mapping reports it, without its text
			}
			fields[name] = func(key string, value *yaml.Node) {
				var text secret.Text
				r.secret(&text)(key, value)
				to[name] = text
			}
			to[name] = secret.New("") // what `NAME:` alone means here
		}
		r.mapping(key+".", node, fields)
	}
}

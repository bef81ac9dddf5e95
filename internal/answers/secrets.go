package answers

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

// reference reads {env: NAME} or {file: path}. Other keys are not named in the
// message: with {x1} or an unfilled template they are the secret itself.
func (r *reader) reference(key string, node *yaml.Node, to *secret.Text) {
	var env, file string
	fields := []field{{name: "env", value: text(&env, "BROKER_API_KEY")}, {name: "file", value: text(&file, "/run/secrets/broker")}}
	for i := 0; i < len(node.Content); i += 2 {
		if named(fields, node.Content[i].Value) == nil || node.Content[i].Kind != yaml.ScalarNode {
			r.mistyped(key, node, "this must be %s. Put text with braces in quotes, and fill in each {{ template }} first", secretForms)
			return
		}
	}
	before := len(r.problems)
	r.mapping(key+".", node, fields)
	switch {
	case len(r.problems) > before:
		r.unread[key] = true
	case r.saved:
		r.mistyped(key, node, "saved answers contain no secrets and no references to them. Remove this")
	case env != "" && file != "":
		r.mistyped(key, node, "both env and file are set. Keep one, for example {env: %s}", "BROKER_API_KEY")
	case env == "" && file == "":
		r.mistyped(key, node, "the reference is empty. Write {env: NAME} or {file: /path}")
	case r.lookup.NamesOnly:
		r.source[key] = "a reference"
	case env != "":
		r.fromEnv(key, node, env, to)
	default:
		r.fromFile(key, node, file, to)
	}
}

func (r *reader) fromEnv(key string, node *yaml.Node, name string, to *secret.Text) {
	if !keyPattern.MatchString(name) {
		r.mistyped(key, node, "env needs the name of an environment variable, without $, for example {env: BROKER_API_KEY}")
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
		r.mistyped(key, node, "files cannot be read here. Write text or {env: NAME}")
		return
	}
	// systemd hands a service its credentials in a directory that it alone names.
	at := path
	if name, ok := strings.CutPrefix(path, "$CREDENTIALS_DIRECTORY/"); ok {
		dir := ""
		if r.lookup.Env != nil {
			dir, _ = r.lookup.Env("CREDENTIALS_DIRECTORY")
		}
		if dir == "" {
			r.mistyped(key, node, "CREDENTIALS_DIRECTORY is not set: systemd sets it for a service that has credentials. Start that service, or write a path")
			return
		}
		at = dir + "/" + name
	}
	value, err := r.lookup.ReadFile(at)
	if err != nil {
		r.mistyped(key, node, "cannot read the secret: %v. Write the path of a file that this user can read, for example {file: /run/secrets/broker}", err)
		return
	}
	// Editors end the last line; that line end is not part of the secret.
	text, ended := strings.CutSuffix(string(value), "\n")
	if ended {
		text = strings.TrimSuffix(text, "\r")
	}
	*to, r.source[key] = secret.New(text), "the file "+path
}

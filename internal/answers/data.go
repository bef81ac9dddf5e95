package answers

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// volumeName is what Docker takes as the name of a volume.
var volumeName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)

// dataNames are the app's data directories (docs/openalgo-facts.md 3).
var dataNames = []string{"db", "log", "strategies", "keys", "tmp"}

// data says where those are that have a place of their own.
func (a *Answers) data() value {
	var fields []field
	for _, name := range dataNames {
		fields = append(fields, field{name: name, value: value{read: func(r *reader, key string, node *yaml.Node) {
			if r.scalar(key, node, "the name of a volume or an absolute path", "!!str") {
				a.Data[name] = node.Value
			}
		}}})
	}
	v := section("{db: my_volume, log: /srv/log}", fields)
	v.save = func() any { return some(a.Data) }
	return v
}

// checkData allows volumes and absolute paths.
func (a *Answers) checkData(r *reader) {
	for name, source := range a.Data {
		if !volumeName.MatchString(source) && (!strings.HasPrefix(source, "/") || strings.ContainsAny(source, "\n\"$")) {
			r.wrong("data."+name, "%s is neither the name of a volume nor an absolute path", quote(source))
		}
	}
}

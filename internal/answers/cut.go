package answers

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// cut warns of a secret without quotes that ends at a #, which may be a part of it.
func (r *reader) cut(key string, node *yaml.Node) {
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	name, isEnv := strings.CutPrefix(key, "env.")
	if node.LineComment == "" || node.Value == "" || node.Style&quoted != 0 || isEnv && !isSecret(name, node.Value) {
		return
	}
	r.warnings = append(r.warnings, finding.Warn("secret-cut", "%s (line %d of the answers file) ends before the #, because # begins a comment in YAML. "+
		"If # is part of the value, put the value in quotes. If not, move the comment to its own line", key, node.Line))
}

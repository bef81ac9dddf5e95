package finding

import (
	"regexp"
	"strings"
)

// DefaultDir is where an instance is when nobody names another place.
const DefaultDir = "/opt/openalgo"

// ownCommand is a command of ours that is about one instance and names none.
var ownCommand = regexp.MustCompile(`\bopenalgo-install (start|stop|restart|logs|resize|upgrade|rollback|backup|restore|set|shell|admin|mcp|domain|adopt|uninstall|doctor)\b`)

// Hinted is a text with the commands that it proposes fit to be copied: they
// name the instance in dir, unless that is where they look by themselves.
func Hinted(dir, text string) string {
	if dir == DefaultDir || dir == "" {
		return text
	}
	if strings.ContainsAny(dir, " \t'\"$&;()") {
		dir = "'" + strings.ReplaceAll(dir, "'", `'\''`) + "'"
	}
	return ownCommand.ReplaceAllStringFunc(text, func(command string) string {
		return strings.Replace(command, " ", " --dir "+dir+" ", 1)
	})
}

package compose

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/templates"
)

// taken are the ports that OpenAlgo itself has in its container.
var taken = []int{openalgo.WebPort, openalgo.WebSocketPort, openalgo.BusPort}

// Command is what a container runs in which the ports of this machine lead to
// OpenAlgo, too: strategies, and other parts of OpenAlgo, call it by the address
// that browsers use. nil is the image's own command: the ports are OpenAlgo's.
func Command(web, socket int) []string {
	var ports []string
	for _, p := range [][2]int{{web, openalgo.WebPort}, {socket, openalgo.WebSocketPort}} {
		if !slices.Contains(taken, p[0]) {
			ports = append(ports, fmt.Sprintf("%d:%d", p[0], p[1]))
		}
	}
	if ports == nil {
		return nil
	}
	return append(append([]string{openalgo.Python, "-c", string(templates.Ports())}, ports...), "--", openalgo.Start)
}

// IsCommand reports whether a command is one of Command.
func IsCommand(command []string) bool {
	n := len(command)
	if n < 5 || command[0] != openalgo.Python || command[1] != "-c" || command[2] != string(templates.Ports()) || !slices.Equal(command[n-2:], []string{"--", openalgo.Start}) {
		return false
	}
	return !slices.ContainsFunc(command[3:n-2], func(port string) bool {
		web, own, _ := strings.Cut(port, ":")
		_, err1 := strconv.ParseUint(web, 10, 16)
		_, err2 := strconv.ParseUint(own, 10, 16)
		return err1 != nil || err2 != nil
	})
}

// commandBlock is a command in docker-compose.yaml.
func commandBlock(command []string) string {
	if command == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString(commandHead)
	for _, word := range command {
		if strings.Contains(word, "\n") {
			b.WriteString("      - |\n")
			for line := range strings.Lines(word) {
				b.WriteString(strings.TrimRight("        "+line, " \n") + "\n")
			}
			continue
		}
		b.WriteString("      - " + strconv.Quote(word) + "\n")
	}
	return b.String()
}

// commandHead begins a command in the file, and the ports follow it.
const commandHead = "    # Inside the container the ports below reach OpenAlgo too.\n    command:\n"

var commandText = regexp.MustCompile(regexp.QuoteMeta(commandHead) + `(?:      .*\n|\n)+`)

// withoutCommand is a file as versions wrote it that left the command out; the same
// file where it has none.
func withoutCommand(rendered []byte) []byte {
	return bytes.Clone(commandText.ReplaceAll(rendered, nil))
}

package rehearsal

import (
	"fmt"
	"io"
	"strings"
)

// PythonName is the name under which the binary in the image acts as Python.
const PythonName = "python"

// SecretsLine begins the line with which a script that opens all stored secrets
// says how many opened, and how many did not.
const SecretsLine = "openalgo-install secrets:"

// Python stands for OpenAlgo's Python in an upgrade: it counts the stored secrets
// that open, where the real script asks OpenAlgo's cipher. root is OpenAlgo's
// directory, args are without the program's name. It returns the exit code.
func Python(root string, args []string, stdout, stderr io.Writer) int {
	if len(args) != 2 || args[0] != "-c" || !strings.Contains(args[1], SecretsLine) {
		fmt.Fprintln(stderr, "python: the test app runs no Python")
		return 127
	}
	open, shut, err := secretsAt(root)
	if err != nil {
		fmt.Fprintf(stderr, "python: %v\n", err)
		return 1
	}
	fmt.Fprintln(stdout, SecretsLine, open, shut)
	return 0
}

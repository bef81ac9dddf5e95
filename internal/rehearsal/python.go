package rehearsal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/templates"
)

// PythonName is the name under which the binary in the image acts as Python.
const PythonName = "python"

// SecretsLine begins the line with which a script that opens all stored secrets
// says how many opened, and how many did not.
const SecretsLine = "openalgo-install secrets:"

// compileArgs is what the program that compiles OpenAlgo's code is given: volume,
// image, processes and haste.
const compileArgs = 4

// CalledName is the file in a tree of bytecode in which the test app notes how it was
// called to make it.
const CalledName = "called"

// compileAs leaves what the compiled code of an image would leave in the volume.
func compileAs(args []string, stderr io.Writer) int {
	volume, image := args[0], args[1]
	name := strings.TrimPrefix(image, "sha256:")
	tree := filepath.Join(volume, name)
	write := func(file, text string) error { return os.WriteFile(filepath.Join(tree, file), []byte(text), 0o644) }
	inside := "may write"
	if errors.Is(os.WriteFile("/none", nil, 0o600), syscall.EROFS) {
		inside = "cannot write"
	}
	links, _ := os.ReadDir("/sys/class/net")
	err := errors.Join(os.MkdirAll(tree, 0o755),
		write(CalledName, fmt.Sprintf("user %d, %s the rest, %d network, %s", os.Getuid(), inside, len(links), strings.Join(args[2:], " "))),
		write("image", image),
		os.RemoveAll(filepath.Join(volume, "now")), os.Symlink(name, filepath.Join(volume, "now")))
	if err != nil {
		fmt.Fprintf(stderr, "python: %v\n", err)
		return 1
	}
	return 0
}

// Python stands for OpenAlgo's Python. In an upgrade it counts the stored secrets
// that open, where the real script asks OpenAlgo's cipher; where the real one compiles
// OpenAlgo's code it says that it did. root is OpenAlgo's directory, args are without
// the program's name. Where the real one sets a password it asks twice for one. It
// returns the exit code.
func Python(root string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 2 && strings.HasSuffix(args[2], "/reset_admin_password.py") {
		return setPassword(stdin, stdout)
	}
	if n := len(args) - compileArgs; n > 1 && args[n-2] == "-c" && strings.Contains(args[n-1], "pycache_prefix") {
		return compileAs(args[n:], stderr)
	}
	if len(args) > 3 && args[0] == "-c" && args[1] == string(templates.Ports()) {
		return startWithPorts(args[2:], stdout, stderr)
	}
	if len(args) > 3 && args[0] == "-c" && args[1] == string(templates.Volume()) {
		return onVolume(root, args[2:], stdin, stdout, stderr)
	}
	if len(args) > 2 && args[0] == "-I" && strings.Contains(args[2], calendar.Line) {
		return printCalendar(root, stdout)
	}
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

// setPassword reads a password twice, as OpenAlgo's program for a forgotten one does.
func setPassword(stdin io.Reader, stdout io.Writer) int {
	var first, second string
	in := bufio.NewReader(stdin)
	first, _ = in.ReadString('\n')
	second, _ = in.ReadString('\n')
	if first != second || strings.TrimSpace(first) == "" {
		fmt.Fprintln(stdout, "  ERROR: passwords do not match. Nothing was changed.")
		return 1
	}
	fmt.Fprintf(stdout, "  Password updated: %d characters.\n", len(strings.TrimSuffix(first, "\n")))
	return 0
}

// CalendarName is the file in the directory of databases from which the test app has
// its calendar of the markets; without it, it knows no holidays.
const CalendarName = "calendar.json"

// printCalendar prints the calendar, as OpenAlgo's database has it.
func printCalendar(root string, stdout io.Writer) int {
	text, err := os.ReadFile(filepath.Join(root, "db", CalendarName))
	if err != nil {
		text = []byte(`{"hours": [], "days": []}`)
	}
	fmt.Fprintln(stdout, calendar.Line, strings.TrimSpace(string(text)))
	return 0
}

package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// longestAnswer is where a typed answer is cut.
const longestAnswer = 4096

// ReadLine takes no byte after the line's end: a program that is started next
// reads the same terminal.
func ReadLine(from io.Reader) string {
	var line strings.Builder
	one := make([]byte, 1)
	for line.Len() < longestAnswer {
		n, err := from.Read(one)
		if n == 0 || err != nil || one[0] == '\n' {
			break
		}
		line.WriteByte(one[0])
	}
	return line.String()
}

// ReadHidden asks on a terminal and reads a line without showing it. When ctx ends
// before, that is its error.
func ReadHidden(ctx context.Context, in io.Reader, out io.Writer, question string) (string, error) {
	file, ok := in.(*os.File)
	if !ok {
		return "", errors.New("stdin is not a terminal")
	}
	defer hide(file)() // before the question: a pasted answer may follow at once
	fmt.Fprint(out, question)
	defer fmt.Fprintln(out)
	type read struct {
		text []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		text, err := term.ReadPassword(int(file.Fd()))
		done <- read{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-done:
		return string(r.text), r.err
	}
}

// hide switches the echo of a terminal off until show is called.
func hide(tty *os.File) (show func()) {
	fd := int(tty.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return func() {}
	}
	silent := *before
	silent.Lflag &^= unix.ECHO
	_ = unix.IoctlSetTermios(fd, unix.TCSETS, &silent)
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) }
}

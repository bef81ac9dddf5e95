package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/terminal"
)

// asRoot offers to start the wizard again as root, where this user could install
// nothing in the directory: install.sh starts it as whoever called it. It returns
// where that is not needed, not possible or declined.
func asRoot(a *app, dir string) error {
	if os.Geteuid() == 0 || engine.HasOwn(os.Getenv) || os.Getenv("DOCKER_HOST") != "" || os.Getenv("DOCKER_CONTEXT") != "" {
		return nil // whoever has a Docker of his own means that one
	}
	if host.DirWritable(dir) == nil {
		return nil
	}
	tool, path := rootTool(exec.LookPath)
	self, err := os.Executable()
	if tool == "" || err != nil {
		return nil //nolint:nilerr // the first page says what this user may not
	}
	purpose := "install OpenAlgo in"
	if _, err := os.Lstat(filepath.Join(dir, ".env")); err == nil {
		purpose = "manage the OpenAlgo in"
	}
	fmt.Fprintf(a.stderr, "openalgo-install needs root to %s %s.\nStart it again with %s? [Y/n] ", purpose, printable.Line(dir), tool)
	answer := make(chan string, 1)
	go func() { answer <- terminal.ReadLine(a.stdin) }()
	select {
	case <-a.stopped:
		fmt.Fprintln(a.stderr)
		return errCancelled
	case line := <-answer:
		if word := strings.ToLower(strings.TrimSpace(line)); word != "" && word != "y" && word != "yes" {
			return nil
		}
	}
	argv := append([]string{tool, self}, a.args...)
	return fmt.Errorf("start %s: %w", tool, syscall.Exec(path, argv, os.Environ()))
}

// rootBy says whether this process is root, and by which program it became that; "" is by
// none that is known.
func rootBy(env func(string) string, uid int) (by string, root bool) {
	switch {
	case uid != 0:
		return "", false
	case env("SUDO_USER") != "":
		return "sudo", true
	case env("DOAS_USER") != "":
		return "doas", true
	}
	return "", true
}

// rootTool is the program here that runs another one as root; "" where there is none.
func rootTool(lookPath func(string) (string, error)) (tool, path string) {
	for _, tool := range []string{"sudo", "doas"} {
		if path, err := lookPath(tool); err == nil {
			return tool, path
		}
	}
	return "", ""
}

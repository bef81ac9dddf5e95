package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

// OS is the operating system as os-release names it.
type OS struct {
	ID       string   // debian, ubuntu, fedora, amzn, linuxmint
	Like     []string // ID_LIKE: what it derives from, nearest first
	Version  string   // VERSION_ID: 12, 24.04; empty on rolling releases
	Codename string   // bookworm, noble; empty where there is none
	Pretty   string   // for people: Debian GNU/Linux 12 (bookworm)

	// UbuntuCodename and DebianCodename name the release that a derivative is
	// built on: Linux Mint 22 is noble, LMDE 6 is bookworm.
	UbuntuCodename, DebianCodename string
}

// Is reports whether the system is one of ids or derives from one.
func (o OS) Is(ids ...string) bool {
	for _, id := range ids {
		if o.ID == id {
			return true
		}
		for _, like := range o.Like {
			if like == id {
				return true
			}
		}
	}
	return false
}

// readOS reads os-release. A machine without that file gives the zero OS.
func (v View) readOS() (OS, error) {
	for _, name := range []string{"etc/os-release", "usr/lib/os-release"} {
		data, err := os.ReadFile(v.path(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return OS{}, fmt.Errorf("find out which operating system this is: %w", err)
		}
		return ParseOSRelease(string(data)), nil
	}
	return OS{}, nil
}

// inParentheses finds the codename that older Debian releases have in VERSION
// alone: 9 (stretch).
var inParentheses = regexp.MustCompile(`\(([A-Za-z]+)\)`)

// ParseOSRelease reads the text of an os-release file (man 5 os-release).
// Lines that are no assignment are skipped, as the shell's users of it do.
func ParseOSRelease(text string) OS {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if found && !strings.HasPrefix(key, "#") {
			values[key] = unquote(value)
		}
	}
	o := OS{
		ID:             strings.ToLower(values["ID"]),
		Like:           strings.Fields(strings.ToLower(values["ID_LIKE"])),
		Version:        values["VERSION_ID"],
		Codename:       values["VERSION_CODENAME"],
		Pretty:         values["PRETTY_NAME"],
		UbuntuCodename: values["UBUNTU_CODENAME"],
		DebianCodename: values["DEBIAN_CODENAME"],
	}
	if o.Codename == "" {
		if m := inParentheses.FindStringSubmatch(values["VERSION"]); m != nil && o.ID == "debian" {
			o.Codename = strings.ToLower(m[1])
		}
	}
	if o.Pretty == "" {
		o.Pretty = strings.TrimSpace(values["NAME"] + " " + values["VERSION"])
	}
	return o
}

// unquote takes off the shell quotes and the backslashes that os-release
// allows.
func unquote(value string) string {
	value = strings.TrimSpace(value)
	if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
		value = value[1 : len(value)-1]
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`").Replace(value)
}

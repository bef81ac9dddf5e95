package hostcare

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// sshd is what the configuration of the SSH server says, by names in small letters. The
// first value of a name is the one in force.
type sshd map[string]string

// Bounds of what is read of a configuration.
const (
	mostIncludes = 64 // files
	mostDepth    = 8  // of an Include in an Include
)

// sshd asks the SSH server for its configuration, or reads it; nil without a server.
func (v View) sshd(ctx context.Context) sshd {
	if !v.exists("/usr/sbin/sshd") {
		return nil
	}
	if v.IsRoot {
		if text, err := v.Run(ctx, "/usr/sbin/sshd", "-T"); err == nil {
			s, left := sshd{}, 0
			s.add(v, text, 0, &left)
			return s
		}
	}
	s, left := sshd{}, mostIncludes
	s.add(v, v.read("/etc/ssh/sshd_config"), 0, &left)
	return s
}

// add reads a text of the configuration. What stands under Match is for some only.
func (s sshd) add(v View, text string, depth int, left *int) {
	for _, line := range lines(text) {
		name, value, _ := strings.Cut(strings.Replace(line, "\t", " ", 1), " ")
		name, value = strings.ToLower(name), strings.Trim(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(value), "=")), `"`)
		switch name {
		case "match":
			return
		case "include":
			for _, pattern := range strings.Fields(value) {
				s.include(v, pattern, depth, left)
			}
			continue
		case "challengeresponseauthentication":
			name = "kbdinteractiveauthentication" // its name before OpenSSH 8.7
		case "port":
			value = strings.TrimSpace(s[name] + " " + value) // each of them counts
			delete(s, name)
		}
		if _, there := s[name]; !there {
			s[name] = value
		}
	}
}

func (s sshd) include(v View, pattern string, depth int, left *int) {
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join("/etc/ssh", pattern)
	}
	files, err := filepath.Glob(v.path(pattern))
	if err != nil || depth == mostDepth {
		return
	}
	slices.Sort(files)
	for _, file := range files {
		if *left--; *left < 0 {
			return
		}
		s.add(v, v.read(strings.TrimPrefix(file, strings.TrimSuffix(v.Root, "/"))), depth+1, left)
	}
}

// ports are those that the server listens on.
func (s sshd) ports() (out []int) {
	for _, word := range strings.Fields(s["port"]) {
		if port, err := strconv.Atoi(word); err == nil {
			out = append(out, port)
		}
	}
	if len(out) == 0 {
		return []int{22}
	}
	return out
}

// is returns the value of a setting that is yes or no.
func (s sshd) is(name string, otherwise bool) bool {
	switch strings.ToLower(s[name]) {
	case "yes":
		return true
	case "no":
		return false
	}
	return otherwise
}

// takesPasswords reports whether a password alone is enough to log in.
func (s sshd) takesPasswords() bool {
	if methods := strings.Fields(s["authenticationmethods"]); len(methods) > 0 && methods[0] != "any" &&
		!slices.ContainsFunc(methods, func(m string) bool { return !strings.Contains(m, "publickey") }) {
		return false
	}
	return s.is("passwordauthentication", true) || s.is("kbdinteractiveauthentication", true) && s.is("usepam", false)
}

// passwords is nil where nobody can log in over the network.
func (v View) passwords(s sshd) *Result {
	open := v.open()
	if s == nil || !slices.ContainsFunc(s.ports(), func(port int) bool { return slices.Contains(open, port) }) {
		return nil
	}
	if !s.takesPasswords() {
		return &Result{Check: "ssh", Text: "SSH accepts only keys"}
	}
	who := ""
	if s.is("permitrootlogin", false) {
		who = ", even for root"
	}
	service := "ssh"
	if !v.OS.Is("debian", "ubuntu") {
		service = "sshd"
	}
	const file = "/etc/ssh/sshd_config.d/00-keys-only.conf"
	shell := []string{`printf 'PasswordAuthentication no\nChallengeResponseAuthentication no\n' | sudo tee ` + file, "sudo sshd -t && sudo systemctl reload " + service}
	if !strings.Contains("\n"+strings.ToLower(v.read("/etc/ssh/sshd_config")), "\ninclude") {
		shell = []string{"sudo nano /etc/ssh/sshd_config", shell[1]}
	}
	return &Result{Check: "ssh", Found: finding.Warn("ssh-passwords", "SSH accepts passwords%s. Programs try passwords day and night, and whoever gets in has your broker's credentials. "+
		"Make sure that you can log in with a key, then refuse passwords (PasswordAuthentication no)", who).
		With(finding.Hint{Shell: shell})}
}

package elsewhere

import (
	"context"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/cpu"
)

// ssh is a command of ssh's for the address's machine: sftp, or a command there.
func (s *sftp) ssh(ctx context.Context, command ...string) *exec.Cmd {
	if len(command) == 0 {
		return runSSH(ctx, s, []string{"-s"}, "sftp")
	}
	return runSSH(ctx, s, nil, command...)
}

// runSSH is ssh with further options. Nobody is there to be asked, and a line that is dead
// must end.
func runSSH(ctx context.Context, s *sftp, options []string, command ...string) *exec.Cmd {
	args := []string{"-oBatchMode=yes", "-oConnectTimeout=20", "-oServerAliveInterval=15", "-oServerAliveCountMax=4", "-oClearAllForwardings=yes"}
	if s.ciphers != "" {
		args = append(args, "-oCiphers="+s.ciphers)
	}
	if s.address.Port != 0 {
		args = append(args, "-p", strconv.Itoa(s.address.Port))
	}
	if s.address.User != "" {
		args = append(args, "-l", s.address.User)
	}
	cmd := exec.CommandContext(ctx, s.program, slices.Concat(args, options, []string{"--", s.address.Host}, command)...)
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// quickCiphers are the ciphers of the user's own settings for a machine, AES-GCM first
// where this processor computes AES itself: that takes a third of the time of what
// OpenSSH offers first before 10.0. "" leaves ssh's order.
func quickCiphers(ctx context.Context, s *sftp) string {
	if !cpu.X86.HasAES && !cpu.ARM64.HasAES {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := runSSH(ctx, s, []string{"-G"}).Output() // its settings for that machine
	if err != nil {
		return "" // before 6.8 it has no such option
	}
	return reordered(string(out))
}

// reordered reads the line "ciphers a,b,c" of what ssh prints. No cipher is added.
func reordered(settings string) string {
	for line := range strings.SplitSeq(settings, "\n") {
		list, ok := strings.CutPrefix(line, "ciphers ")
		if !ok {
			continue
		}
		var quick, others []string
		for name := range strings.SplitSeq(list, ",") {
			if strings.HasPrefix(name, "aes") && strings.HasSuffix(name, "-gcm@openssh.com") {
				quick = append(quick, name)
			} else {
				others = append(others, name)
			}
		}
		if len(quick) == 0 {
			return ""
		}
		return strings.Join(slices.Concat(quick, others), ",")
	}
	return ""
}

package cli

import (
	"path"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/backup/where"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// isHere refuses a path that names another machine, as scp and rsync write one, or an
// address. what is the flag or the argument that has it, and ways are what to do.
func isHere(what, file string, ways ...finding.Hint) error {
	machine := where.Machine(file)
	if machine == "" {
		return nil
	}
	return finding.Named(finding.Usage, "path-elsewhere", "%s %s is on another machine (%s)\n\nopenalgo-install reads and writes only files of this machine.", what, file, machine).
		With(ways...).With(finding.Hint{Do: "If it is a file on this machine with a colon in its name, begin the path with ./"}).Ending(finding.Unchanged)
}

// sent are the ways to get a backup to another machine.
func sent(to string) (ways []finding.Hint) {
	if host, dir, ok := strings.Cut(to, ":"); ok && !strings.Contains(to, "://") {
		file := path.Join(dir, "openalgo.tar.zst.age")
		ways = append(ways, finding.Shell("Send the backup there over SSH, encrypted for your age recipient",
			"openalgo-install backup --to - --recipient age1... | ssh "+finding.Quoted(host)+" "+finding.Quoted("cat > "+finding.Quoted(file))))
	}
	return append(ways, finding.Hint{Do: "Mount it on this machine (NFS, sshfs, rclone mount), and pass that directory to --to"})
}

// fetched are the ways to get a file from another machine.
func fetched(file string) finding.Hint {
	if strings.Contains(file, "://") {
		return finding.Shell("Download the file first, then use its path here", "curl -fLO "+finding.Quoted(file))
	}
	return finding.Shell("Copy the file to this machine first, then use the path of the copy", "scp "+finding.Quoted(file)+" ./")
}

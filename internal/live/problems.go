package live

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/order"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// instance is what is shown of what was seen.
func (s *seen) instance(disk Disk) Instance {
	i := Instance{
		Name: s.name, Dir: s.dir, ID: s.container.ID, State: s.state, Reason: s.reason, URL: s.url, Redirect: s.redirect,
		Load: s.load, Status: s.status, NewerImage: s.newer, Ours: s.ours,
	}
	if s.container.State == "running" {
		i.Since = s.container.StartedAt
	}
	if b, ok := brokerOf(s.redirect); ok {
		i.Broker, i.Crypto = b.Name, b.Kind == broker.Crypto
	}
	// What the look at everything saw, the WebSocket and HTTPS, counts where it
	// looked while OpenAlgo answered.
	if st := s.status; st != nil && s.state == Ready && !st.Ready && !st.Starting && s.lookedAt.After(s.readyAt) {
		i.State, i.Reason = NotReady, st.Reason
	}
	i.Problems = problems(i, s.unfinished, disk, time.Now())
	for _, p := range s.examined {
		if !slices.Contains(seenHere, p.ID) {
			i.Problems = append(i.Problems, p)
		}
	}
	order.By(i.Problems, func(a, b Problem) int { return rank(a) - rank(b) })
	return i
}

// seenHere are the ids that problems decides by itself, and sooner than doctor.
var seenHere = []string{"not-ready", "not-running", "frozen", "no-container", "interrupted", "certificate-expires", "resize-due",
	"backup-daily", "backup-failed", "no-backup", "disk-full", "disk-low"}

// rank puts what does not work first.
func rank(p Problem) int {
	if p.Bad {
		return 0
	}
	return 1
}

// brokerOf reads the broker from the redirect URL: https://HOST/BROKER/callback.
func brokerOf(redirect string) (broker.Broker, bool) {
	u, err := url.Parse(redirect)
	if err != nil {
		return broker.Broker{}, false
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return broker.Find(id)
}

// Limits of what is no problem yet.
const (
	certificateLeft = 21 * 24 * time.Hour
	fullDisk        = 90.0
)

// problems are what there is to act on, what does not work first. Those that doctor
// finds, too, have its ids.
func problems(i Instance, unfinished string, disk Disk, now time.Time) (out []Problem) {
	bad := func(id, text string, fix ...string) { out = append(out, Problem{id, printable.Line(text), true, fix}) }
	warn := func(id, text string, fix ...string) { out = append(out, Problem{id, printable.Line(text), false, fix}) }
	switch i.State {
	case NotReady:
		bad("not-ready", "Not ready: "+i.Reason, "doctor")
	case Stopped:
		bad("not-running", "Stopped: "+i.Reason, "start")
	case Frozen:
		bad("frozen", "The container is "+i.Reason, "start")
	case NoContainer:
		bad("no-container", "The container is gone. Keys and data still exist", "start")
	case Checking, Ready, Starting:
	}
	if unfinished != "" {
		warn("interrupted", unfinished, "doctor")
	}
	st := i.Status
	if st == nil {
		return out
	}
	if until := CertificateEnd(i); !until.IsZero() && until.Sub(now) < certificateLeft {
		days := int(until.Sub(now) / (24 * time.Hour))
		warn("certificate-expires", fmt.Sprintf("The certificate of %s expires in %s", st.HTTPS.Domain, printable.Count(max(days, 0), "day")), "doctor")
	}
	if st.Sizing.ResizeDue && st.Container != "" && i.Ours {
		warn("resize-due", "Resize needed: this machine allows "+st.Sizing.Due.Values(), "resize")
	}
	switch {
	case st.BackupProblem != "":
		warn("backup-daily", "The daily backup: "+st.BackupProblem, "backup")
	case st.Backup != nil && !st.Backup.OK:
		warn("backup-failed", "The last backup failed: "+st.Backup.Message, "backup")
	case st.Backup == nil && i.Ours:
		warn("no-backup", "There is no backup yet", "backup")
	}
	if disk.Used() > fullDisk {
		warn("disk-full", fmt.Sprintf("The disk is %.0f%% full", disk.Used()), "clean")
	}
	return out
}

// CertificateEnd is when an instance's certificate ends; zero where it has none.
func CertificateEnd(i Instance) time.Time {
	if i.Status == nil || i.Status.HTTPS == nil {
		return time.Time{}
	}
	until, err := time.Parse(time.RFC3339, i.Status.HTTPS.Until)
	if err != nil {
		return time.Time{}
	}
	return until
}

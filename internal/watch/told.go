package watch

import (
	"time"

	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/notify/rules"
)

// manner is how a finding is told. What has no manner is for doctor alone.
type manner struct {
	severity notify.Severity
	title    string // a statement; %s is the instance
	over     string // the statement at its end
	// as is the finding whose problem it is: the reason may change while OpenAlgo is
	// down, and that is no second problem.
	as     string
	every  time.Duration // told again after it; 0: as is usual
	atOnce bool          // it has happened: a second look tells no more
}

const (
	daily  = 24 * time.Hour
	weekly = 7 * daily
)

// Titles that several findings share.
const (
	isDown    = "%s is down"
	upAgain   = "%s works again"
	isDownID  = "down"
	diskFull  = "The disk is nearly full"
	diskAgain = "The disk has space again"
	httpsBad  = "The site of %s cannot be reached over HTTPS"
)

// manners are by the ID of a finding.
var manners = map[string]manner{
	"not-ready":         {severity: notify.Problem, title: "%s is not ready", over: "%s is ready again", as: isDownID},
	"not-running":       {severity: notify.Problem, title: isDown, over: upAgain, as: isDownID},
	"container-missing": {severity: notify.Problem, title: isDown, over: upAgain, as: isDownID},
	"restart-loop":      {severity: notify.Problem, title: isDown, over: upAgain, as: isDownID},
	"out-of-memory":     {severity: notify.Problem, title: isDown, over: upAgain, as: isDownID},
	"frozen":            {severity: notify.Problem, title: "%s is frozen", over: upAgain, as: isDownID},

	"process-killed":      {severity: notify.Warning, title: "%s ran out of memory", atOnce: true},
	"container-restarted": {severity: notify.Warning, title: "%s was restarted by Docker", atOnce: true},
	"websocket-restarted": {severity: notify.Warning, title: "Live prices of %s were interrupted", every: daily},
	"unhealthy":           {severity: notify.Warning, title: "%s fails Docker's health check", over: "%s passes Docker's health check again"},
	"memory-limit":        {severity: notify.Warning, title: "%s is near its memory limit", over: "%s is below its memory limit again"},
	"shm-limit":           {severity: notify.Warning, title: "%s is near its limit of shared memory", over: "%s is below its limit of shared memory again"},
	"restart-policy":      {severity: notify.Warning, title: "%s does not start again after a reboot", over: "%s starts again after a reboot", every: weekly},

	"certificate-expired": {severity: notify.Problem, title: httpsBad, over: "The site of %s can be reached again", as: "https"},
	"site-not-served":     {severity: notify.Problem, title: httpsBad, over: "The site of %s can be reached again", as: "https"},
	"certificate-expires": {severity: notify.Warning, title: "The certificate of %s ends soon", over: "The certificate of %s was renewed", every: weekly},
	"dns-mismatch":        {severity: notify.Problem, title: "The domain of %s does not point to this machine", over: "The domain of %s points to this machine again"},
	"address-changed":     {severity: notify.Problem, title: "The public address of %s has changed", over: "The public address of %s is the registered one again"},

	"backup-daily":      {severity: notify.Problem, title: "The daily backup of %s is not made", over: "The daily backup of %s works again", every: daily},
	"backup-failed":     {severity: notify.Warning, title: "The last backup of %s failed", over: "The backup of %s works again", every: daily},
	"backup-missing":    {severity: notify.Warning, title: "The last backup of %s is gone", over: "There is a backup of %s again", every: daily},
	"backup-not-copied": {severity: notify.Warning, title: "The last backup of %s is on this machine only", over: "The last backup of %s is in its store again", every: daily},
	"copy-not-whole":    {severity: notify.Problem, title: "A copy of the backups of %s is not whole", over: "The copies of the backups of %s are whole", every: daily},
	"key-unproven":      {severity: notify.Warning, title: "The key of the backups of %s may be lost", over: "The key of the backups of %s was kept", every: weekly},
	"backup-old":        {severity: notify.Warning, title: "The last backup of %s is old", over: "There is a new backup of %s", every: weekly},

	"account-open":            {severity: notify.Problem, title: "The next visitor can take over %s", over: "The admin account of %s exists now", as: "account", every: daily},
	"account-missing":         {severity: notify.Warning, title: "%s waits for its admin account", over: "The admin account of %s exists now", as: "account", every: daily},
	"interrupted":             {severity: notify.Problem, title: "A run on %s was interrupted", over: "The interrupted run on %s is complete or undone"},
	"recover-failed":          {severity: notify.Problem, title: "The interrupted run on %s could not be completed", over: "The interrupted run on %s is complete or undone"},
	"resize-missed":           {severity: notify.Warning, title: "The resize of %s did not happen", every: daily},
	"resize-failed":           {severity: notify.Warning, title: "The resize of %s failed", every: daily},
	"security-release":        {severity: notify.Warning, title: "A new release closes a security hole of %s", over: "%s has the release that closes a security hole", every: daily},
	"auto-upgrade-timer":      {severity: notify.Warning, title: "%s is not upgraded automatically any more", over: "%s is upgraded automatically again", as: "auto-upgrade", every: daily},
	"auto-upgrade-unreadable": {severity: notify.Warning, title: "%s is not upgraded automatically any more", over: "%s is upgraded automatically again", as: "auto-upgrade", every: daily},
	"image-newer":             {severity: notify.Info, title: "There is a new release for %s", every: weekly},

	"engine-unusable":    {severity: notify.Problem, title: "Docker does not answer", over: "Docker answers again"},
	"engine-not-at-boot": {severity: notify.Warning, title: "Docker does not start with this machine", over: "Docker starts with this machine", every: weekly},
	"disk-full":          {severity: notify.Problem, title: diskFull, over: diskAgain, as: "disk"},
	"inodes-full":        {severity: notify.Problem, title: "The disk has space for almost no more files", over: "The disk has space for files again"},
	"disk-low":           {severity: notify.Warning, title: diskFull, over: diskAgain, as: "disk", every: daily},
	"disk-fills":         {severity: notify.Warning, title: "The disk will be full soon", over: "The disk no longer fills up", every: daily},
	"memory-low":         {severity: notify.Warning, title: "This machine is short of memory", over: "This machine has memory again"},
	"clock-not-set":      {severity: notify.Warning, title: "The clock of this machine may be wrong", over: "The clock of this machine follows a time server", every: daily},
	"holidays-unknown":   {severity: notify.Info, title: "The holidays of the next year are not known", every: weekly},
	"watch-state":        {severity: notify.Info, title: "The watch begins again", atOnce: true, every: weekly},
	"round-long":         {severity: notify.Warning, title: "The watch could not look at everything in time", over: "The watch sees everything again"},
}

// follow are the problems that follow from another one: they are not told beside it.
var follow = map[string][]string{
	isDownID:       {"https", "unhealthy", "websocket-restarted", "account"},
	"dns-mismatch": {"https"},
}

// problem is a finding as it is told; false: it is not.
func problem(f Finding, name string, now time.Time) (rules.Problem, bool) {
	m, known := manners[f.ID]
	if !known {
		return rules.Problem{}, false
	}
	label := "OpenAlgo (" + name + ")"
	p := rules.Problem{Instance: name, Check: f.ID, Severity: m.severity, Title: of(m.title, label), Over: of(m.over, label), Text: f.Text, Command: f.Command,
		AtOnce: m.atOnce, NoEnd: m.over == "", Every: m.every, Lasting: m.as == isDownID, Urgent: m.as == isDownID, Down: f.ID == "engine-unusable"}
	if m.as != "" {
		p.Check = m.as
	}
	if f.ID == "certificate-expires" && !f.Ends.IsZero() {
		p.Stage, p.Severity = stage(f.Ends.Sub(now))
	}
	if f.Machine {
		p.Instance = ""
	}
	return p, true
}

// stage is how near the end of a certificate is: it is told again at each.
func stage(left time.Duration) (int, notify.Severity) {
	switch {
	case left < daily:
		return 3, notify.Problem
	case left < weekly:
		return 2, notify.Warning
	}
	return 1, notify.Warning
}

package doctor

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/templates"
)

var today = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// soundEnv is the sample, with sound keys and a broker.
func soundEnv(t *testing.T) *envfile.File {
	t.Helper()
	file, err := envfile.Parse([]byte(templates.Env()))
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"APP_KEY": strings.Repeat("3f9c", 16), "API_KEY_PEPPER": strings.Repeat("a71e", 16), "FERNET_SALT": strings.Repeat("5d0b", 8),
		"BROKER_API_KEY": "key-123456", "BROKER_API_SECRET": "secret-123456", "REDIRECT_URL": "http://127.0.0.1:5000/zerodha/callback",
	} {
		if err := file.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// scene is a patient, and what the checks saw that look by themselves.
type scene struct {
	patient
	boot    atBoot
	disks   disks
	clock   clock
	compose composeFile
	backup  lastBackup
	newer   newer
	stray   stray
	domain  domain
	gate    gate
	notify  messages
}

// checks are those of doctor, as if they had looked at the scene.
func (s *scene) checks() []check {
	all := checks()
	for _, c := range all {
		switch c := about(c).check.(type) {
		case *atBoot:
			*c = s.boot
		case *disks:
			*c = s.disks
		case *clock:
			*c = s.clock
		case *composeFile:
			*c = s.compose
		case *lastBackup:
			*c = s.backup
		case *newer:
			*c = s.newer
		case *stray:
			*c = s.stray
		case *domain:
			*c = s.domain
		case *gate:
			*c = s.gate
		case *messages:
			*c = s.notify
		}
	}
	return all
}

// sound is a scene that lacks nothing.
func sound(t *testing.T) *scene {
	yes := true
	s, _ := sizing.Compute(sizing.Machine{RAMMiB: 7900, Cores: 2}, 1, sizing.Overrides{})
	return &scene{patient: patient{
		dir: "/opt/openalgo", now: today,
		engine:   &engine.Info{Local: true, Version: "28.5.2", APIVersion: "1.51", Warnings: []string{"WARNING: No swap limit support"}},
		host:     &host.Facts{RAMMiB: 7900, AvailableMiB: 4000, Cores: 2},
		instance: &status.Instance{Name: "openalgo", Ready: true, URL: "https://algo.example.com", Sizing: status.Sizing{InForce: s, Due: s}},
		container: &engine.Container{Name: "openalgo-web", State: "running", Health: "healthy", Restart: "unless-stopped", StartedAt: today,
			Env: []string{"TZ=Asia/Kolkata"}, Labels: map[string]string{"com.docker.compose.project": "openalgo"}, Ports: []engine.PortBinding{{HostIP: "127.0.0.1", HostPort: 5000, ContainerPort: 5000}}},
		env: soundEnv(t), envMode: 0o600, envOwner: owner{1000, 1000},
	},
		boot: atBoot{enabled: &yes}, clock: clock{&yes}, compose: composeFile{true},
		disks: disks{
			images: &host.DiskFacts{Path: "/var/lib/docker", FreeMiB: 40000, TotalMiB: 80000, FreeInodes: 1e6},
			files:  &host.DiskFacts{Path: "/opt", FreeMiB: 40000, TotalMiB: 80000, FreeInodes: -1},
		},
		domain: domain{name: "algo.example.com", dns: &host.DNSReport{Match: true, A: []netip.Addr{netip.MustParseAddr("203.0.113.9")}},
			certificate: &certificate{expiry: today.Add(80 * 24 * time.Hour), issuer: "Let's Encrypt"}},
	}
}

func findings(p *scene) []Finding { return report(p.patient, p.checks()).Findings }

func TestSilentOnASoundStack(t *testing.T) {
	for _, f := range findings(sound(t)) {
		if f.Level != OK || f.Mend != "" {
			t.Errorf("%+v", f)
		}
	}
}

// A salt that the release does not use is named; that there is none is right.
func TestIdleSalt(t *testing.T) {
	p := sound(t)
	p.idleSalt = true
	if f := salt(p.patient); len(f) != 1 || f[0].Level != Warning || f[0].ID == "" || f[0].Hints[0].Args[0] != "upgrade" {
		t.Errorf("%+v", f)
	}
	p.env.Unset("FERNET_SALT")
	if f := append(salt(p.patient), env(p.patient)...); len(f) != 1 || f[0].Level != OK {
		t.Errorf("%+v", f)
	}
}

// A stack whose container has a user of its own is sound, too, and where the
// users are not the host's nothing is said of them.
func TestOwnersOfEnv(t *testing.T) {
	for name, change := range map[string]func(*scene){
		"its own user":   func(p *scene) { p.container.User, p.envOwner = "1001:1001", owner{1001, 1001} },
		"by its group":   func(p *scene) { p.container.User, p.envOwner, p.envMode = "1001:5", owner{0, 5}, 0o640 },
		"root":           func(p *scene) { p.container.User, p.envOwner = "root", owner{1000, 1000} },
		"some name":      func(p *scene) { p.container.User, p.envOwner = "trader", owner{0, 0} },
		"another's host": func(p *scene) { p.container.User, p.envOwner, p.engine.Local = "1000", owner{501, 20}, false },
		"rootless": func(p *scene) {
			p.engine.Rootless, p.engine.Inside = true, true
			p.container.User, p.envOwner, p.envMode = "1000", owner{0, 1000}, 0o660
		},
		"rootless, from outside": func(p *scene) {
			p.engine.Rootless, p.container.User, p.envOwner, p.envMode = true, "1000", owner{1000, 100999}, 0o660
		},
		"userns-remap": func(p *scene) {
			p.engine.UserNS, p.engine.UserBase, p.container.User, p.envOwner = true, 100000, "1000", owner{101000, 101000}
		},
	} {
		p := sound(t)
		change(p)
		for _, f := range envMode(p.patient) {
			if f.Level == Failure {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}

// Each fault is planted alone, and is the only one that is found.
func TestFindsEachFault(t *testing.T) {
	no := false
	set := func(key, value string) func(*scene) {
		return func(p *scene) {
			if err := p.env.Set(key, value); err != nil {
				panic(err)
			}
		}
	}
	for name, c := range map[string]struct {
		plant func(*scene)
		check string
		level Level
		says  string
	}{
		"no engine": {func(p *scene) {
			p.engine, p.instance, p.container, p.domain.dns, p.domain.certificate = nil, nil, nil, nil, nil
			p.engineErr = errors.New("no engine answers")
		}, "engine", Failure, "no engine answers"},
		"engine warns":          {func(p *scene) { p.engine.Warnings = []string{"WARNING: IPv4 forwarding is disabled"} }, "engine", Warning, "forwards no IPv4"},
		"proxies":               {func(p *scene) { p.engine.ProxiesLackLoopback = true }, "engine", Warning, "noProxy lacks 127.0.0.1"},
		"not at boot":           {func(p *scene) { p.boot.enabled = &no }, "boot", Warning, "After a reboot"},
		"a user's, not at boot": {func(p *scene) { p.engine.Rootless, p.boot.enabled = true, &no }, "boot", Warning, "this user's Docker"},
		"no linger":             {func(p *scene) { p.engine.Rootless, p.boot.linger = true, &no }, "boot", Warning, "while its user is logged in"},
		"podman, not at boot":   {func(p *scene) { p.engine.Podman, p.boot.enabled = true, &no }, "boot", Warning, "Podman's containers"},
		"images full":           {func(p *scene) { p.disks.images.FreeMiB = 500 }, "disk", Failure, "500 MiB"},
		"images nearly full":    {func(p *scene) { p.disks.images.FreeMiB = 2000 }, "disk", Warning, "2.0 GiB"},
		"no inodes":             {func(p *scene) { p.disks.images.FreeInodes = 12 }, "inodes", Failure, "12 more files"},
		"files full":            {func(p *scene) { p.disks.files.FreeMiB = 10 }, "disk", Failure, "/opt has 10 MiB"},
		"files nearly full":     {func(p *scene) { p.disks.files.FreeMiB = 500 }, "disk", Warning, "/opt has 500 MiB"},
		"no memory left":        {func(p *scene) { p.host.AvailableMiB = 100 }, "memory", Warning, "100 MiB"},
		"no swap":               {func(p *scene) { p.host.RAMMiB, p.host.AvailableMiB = 1970, 900 }, "memory", Warning, "no swap"},
		"clock":                 {func(p *scene) { p.clock.synced = &no }, "clock", Warning, "time server"},
		"nothing here":          {func(p *scene) { p.instance, p.container, p.domain.dns, p.domain.certificate = nil, nil, nil, nil }, "instance", Failure, "no OpenAlgo"},
		"container gone":        {func(p *scene) { p.container = nil }, "container", Failure, "is gone"},
		"out of memory": {func(p *scene) { p.container.State, p.container.OOMKilled = "exited", true }, "container", Failure,
			"memory ran out"},
		"stopped":        {func(p *scene) { p.container.State, p.container.ExitCode = "exited", 1 }, "container", Failure, "exited (status 1)"},
		"frozen":         {func(p *scene) { p.container.State, p.container.Health = "paused", "unhealthy" }, "container", Failure, "is frozen"},
		"restart loop":   {func(p *scene) { p.container.State = "restarting" }, "container", Failure, "again and again"},
		"not ready":      {func(p *scene) { p.instance.Ready, p.instance.Reason = false, "the WebSocket does not answer" }, "ready", Failure, "WebSocket"},
		"proxy restarts": {func(p *scene) { p.container.HealthLog = "ok (WebSocket proxy: restarts: 2, the last at x)" }, "health", Warning, "restarts: 2"},
		"unhealthy":      {func(p *scene) { p.container.Health = "unhealthy" }, "health", Warning, "unhealthy"},
		"restarts":       {func(p *scene) { p.container.RestartCount = 3 }, "restarts", Warning, "3 times"},
		"no restart":     {func(p *scene) { p.container.Restart = "no" }, "restart", Warning, "reboot"},
		"open port":      {func(p *scene) { p.container.Ports[0].HostIP = "0.0.0.0" }, "ports", Warning, "port 5000 is open"},
		"open port, any": {func(p *scene) { p.container.Ports[0].HostIP = "" }, "ports", Warning, "port 5000 is open"},
		"no compose file": {func(p *scene) { p.compose.there = false }, "compose", Warning,
			"is missing"},
		"no .env":         {func(p *scene) { p.env, p.envErr = nil, errors.New("open .env: no such file") }, "env", Failure, "no such file"},
		".env unreadable": {func(p *scene) { p.env, p.envErr = nil, fs.ErrPermission }, "env", Warning, "cannot read"},
		"no cron":         {func(p *scene) { p.instance.BackupDaily, p.instance.BackupProblem = "02:30", "no cron is installed" }, "backup", Failure, "no cron"},
		".env of root":    {func(p *scene) { p.container.User, p.envOwner = "1000", owner{} }, "secrets", Failure, "user 0 and has mode 0600"},
		".env of another": {func(p *scene) { p.container.User, p.envOwner = "1001:1001", owner{1000, 1000} }, "secrets", Failure, "user 1001"},
		".env not compose's": {func(p *scene) {
			p.engine.Rootless, p.engine.Inside, p.container.User, p.envOwner = true, true, "1000", owner{1000, 1000}
		}, "secrets", Warning, "docker compose cannot read it"},
		".env of a group": {func(p *scene) {
			p.engine.Rootless, p.engine.Inside, p.container.User, p.envOwner, p.envMode = true, true, "1000", owner{0, 1000}, 0o664
		}, "secrets", Warning, "0664"},
		".env readable":   {func(p *scene) { p.envMode = 0o644 }, "secrets", Warning, "0644"},
		"no pepper":       {func(p *scene) { p.env.Unset("API_KEY_PEPPER") }, "env", Failure, "API_KEY_PEPPER"},
		"short pepper":    {set("API_KEY_PEPPER", "short"), "env", Failure, "API_KEY_PEPPER"},
		"no broker key":   {func(p *scene) { p.env.Unset("BROKER_API_KEY") }, "env", Failure, "BROKER_API_KEY"},
		"wrong redirect":  {set("REDIRECT_URL", "http://127.0.0.1:5000/robinhood/callback"), "env", Failure, "REDIRECT_URL"},
		"no key yet":      {set("BROKER_API_KEY", "YOUR_BROKER_API_KEY"), "env", Warning, "API key is not entered yet"},
		"debug":           {set("FLASK_DEBUG", "True"), "env", Warning, "FLASK_DEBUG"},
		"unfinished":      {func(p *scene) { p.unfinished = "a run was ended in its middle" }, "unfinished", Failure, "middle"},
		"resize due":      {func(p *scene) { p.instance.Sizing.ResizeDue = true }, "sizing", Warning, "a resize is needed"},
		"missed schedule": {func(p *scene) { p.instance.Schedule = &later.At{Time: today} }, "schedule", Warning, "is gone"},
		"failed schedule": {func(p *scene) {
			p.instance.Schedule = &later.At{Time: today, Done: true, Exit: 4, Message: "no"}
		}, "schedule", Warning, "failed"},
		"stray volume":  {func(p *scene) { p.stray.volumes = []string{"old_openalgo_db"} }, "volumes", Warning, "old_openalgo_db"},
		"leaked key":    {set("APP_KEY", "3daa0403ce2501ee7432b75bf100048e"+"3cf510d63d2754f952e93d88bf07ea84"), "keys", Failure, "published"},
		"time zone":     {func(p *scene) { p.container.Env = []string{"TZ=UTC"} }, "timezone", Warning, "UTC"},
		"unbounded log": {func(p *scene) { p.container.Log = engine.Log{Driver: "json-file"} }, "logs", Warning, "without a limit"},
		"newer image":   {func(p *scene) { yes := true; p.newer.there = &yes }, "upgrade", Warning, "newer image"},
		"backup failed": {func(p *scene) { p.instance.Backup = &backup.Last{At: today, Message: "no room"} }, "backup", Warning, "no room"},
		"backup old":    {func(p *scene) { p.instance.Backup = &backup.Last{At: today.AddDate(0, -2, 0), OK: true} }, "backup", Warning, "the last backup is of"},
		"backup gone": {func(p *scene) {
			p.instance.Backup, p.backup.gone = &backup.Last{At: today, OK: true, File: "/mnt/x"}, true
		}, "backup", Warning, "/mnt/x"},
		"dns": {func(p *scene) { p.domain.dns = &host.DNSReport{Problem: "algo.example.com has no address yet"} }, "dns", Warning, "no address"},
		"dns of hosts": {func(p *scene) {
			p.domain.dns = &host.DNSReport{HostsLine: 3, Problem: "line 3 of /etc/hosts gives algo.example.com the address 127.0.1.1"}
		}, "dns", Warning, "line 3 of /etc/hosts"},
		"certificate soon": {func(p *scene) { p.domain.certificate.expiry = today.Add(5 * 24 * time.Hour) }, "certificate", Warning, "5 days"},
		"certificate over": {func(p *scene) {
			p.domain.certificate.expiry, p.domain.certificate.err = today.Add(-time.Hour), errors.New("certificate has expired")
		}, "certificate", Failure, "expired on 23 Nov 2026"},
		"closed for ever": {func(p *scene) { p.gate = gate{domain: "algo.example.com", there: true, closed: true} }, "gate", Failure, "still closed"},
		"gate left":       {func(p *scene) { p.gate = gate{domain: "algo.example.com", there: true} }, "gate", OK, "is open"},
		"gate of before":  {func(p *scene) { p.gate = gate{domain: "algo.example.com", there: true, stale: true} }, "gate", Warning, "for another port"},
		"no https":        {func(p *scene) { p.domain.certificate = &certificate{err: errors.New("connection refused")} }, "certificate", Failure, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			p := sound(t)
			c.plant(p)
			found := false
			for _, f := range findings(p) {
				switch {
				case f.Check == c.check && f.Level == c.level && strings.Contains(f.Evidence, c.says):
					found = true
				case f.Level != OK && f.ID == "":
					t.Errorf("without a name: %+v", f)
				case f.Level != OK && f.Check != c.check:
					t.Errorf("besides: %+v", f)
				}
			}
			if !found {
				t.Errorf("not found: %+v", findings(p))
			}
		})
	}
}

func TestWriteText(t *testing.T) {
	p := sound(t)
	p.container.RestartCount, p.unfinished = 2, "a run was ended in its middle"
	r := report(p.patient, p.checks())
	var out strings.Builder
	r.WriteText(&out)
	text := out.String()
	if r.Failures != 1 || r.Warnings != 1 || !strings.HasPrefix(text, "FAIL  unfinished") || !strings.Contains(text, "-> openalgo-install logs") ||
		!strings.Contains(text, "1 failure, 1 warning, ") {
		t.Errorf("%+v\n%s", r, text)
	}
}

func TestMaskAssignments(t *testing.T) {
	for in, want := range map[string]string{
		"      BROKER_API_KEY: abc123xyz\n":      "      BROKER_API_KEY: [secret]\n",
		"      - \"API_KEY_PEPPER=abc123xyz\"\n": "      - \"API_KEY_PEPPER=[secret]\n",
		"      TZ: Asia/Kolkata\n":               "      TZ: Asia/Kolkata\n",
		"nothing at all":                         "nothing at all",
	} {
		if got := string(maskAssignments([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Keys that do not open the data are one finding, and no advice beside it makes
// new ones.
func TestKeysAreOneFinding(t *testing.T) {
	p := sound(t)
	p.env, _ = envfile.Parse(nil)
	p.obstacles = met(finding.Named(finding.HostNotReady, "keys", ".env is empty\n\nIt opens the data.").With(finding.Run("Restore a backup", "restore", "FILE")))
	var about []Finding
	for _, f := range findings(p) {
		if f.Level != OK {
			about = append(about, f)
		}
	}
	if len(about) != 1 || about[0].Check != "keys" || about[0].ID != "keys" || !strings.Contains(about[0].Evidence, "empty. It opens") || about[0].Level != Failure || !strings.Contains(about[0].Mend, "restore") {
		t.Errorf("%+v", about)
	}
}

// met are the obstacles of an error, which all commands meet.
func met(err error) (out []obstacle) {
	for _, problem := range finding.Problems(err) {
		out = append(out, obstacle{problem: problem})
	}
	return out
}

// What a command refuses is never ok: each problem is a failure of its own.
func TestWhatCommandsRefuse(t *testing.T) {
	p := sound(t)
	if n := report(p.patient, p.checks()).Failures; n != 0 {
		t.Fatalf("%d failures of a sound one", n)
	}
	for name, c := range map[string]struct {
		obstacles error
		failures  int
	}{
		"none":              {nil, 0},
		"two problems":      {finding.NotReady([]*finding.Error{finding.Named(finding.HostNotReady, "port-taken", "port 5000 is taken"), finding.Named(finding.HostNotReady, "disk-full", "the disk is full")}), 2},
		"one":               {finding.Named(finding.HostNotReady, "answers-missing", "openalgo-install.yaml is gone"), 1},
		"what is not known": {errors.New("Docker does not answer"), 1},
	} {
		p.obstacles = met(c.obstacles)
		if r := report(p.patient, p.checks()); r.Failures != c.failures {
			t.Errorf("%s: %d failures: %+v", name, r.Failures, r.Findings)
		}
	}
}

// Whatever a command can refuse is found under the same name: none of the names in
// docs/errors.md is ok.
func TestNothingRefusedIsOK(t *testing.T) {
	page, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (?:[^|]*3[^|]*|any) \\|").FindAllStringSubmatch(string(page), -1)
	if len(names) < 60 {
		t.Fatalf("%d names", len(names))
	}
	for _, name := range names {
		p := sound(t)
		refused := finding.Named(finding.HostNotReady, name[1], "it is refused").With(finding.Run("Start it", "start"))
		p.obstacles = met(finding.NotReady([]*finding.Error{refused}))
		r, found := report(p.patient, p.checks()), false
		for _, f := range r.Findings {
			found = found || f.Level != OK && f.ID == name[1] && len(f.Hints) == 1
		}
		if !found || r.Failures+r.Warnings != 1 || len(r.Fixes()) != 0 {
			t.Errorf("%s: %+v", name[1], r)
		}
	}
}

// Nothing fixes an interrupted run that nobody can read about: least of all the purge
// that its refusal names.
func TestDamagedJournalIsNotFixed(t *testing.T) {
	p := sound(t)
	_, p.unreadable = run.Parse("/opt/openalgo", []byte("{"))
	p.unfinished = p.unreadable.Error()
	r := report(p.patient, p.checks())
	if len(r.Fixes()) != 0 || r.Failures != 1 || !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.ID == "journal-damaged" && f.Check == "unfinished" }) {
		t.Errorf("%v, %+v", r.Fixes(), r.Findings)
	}
}

// What --fix does about an interrupted run is what finishes it.
func TestFixesOfAnInterruptedRun(t *testing.T) {
	for command, want := range map[string]struct {
		fix  Fix
		args string
	}{
		"install": {FixStart, "start"}, "uninstall": {FixRemove, "uninstall"}, "purge": {FixPurge, "uninstall --purge"}, "": {FixStart, "start"},
	} {
		p := sound(t)
		p.unfinished, p.left, p.container.State = "the last run was interrupted", command, "exited"
		r := report(p.patient, p.checks())
		if got := r.Fixes(); len(got) != 1 || got[0] != want.fix {
			t.Errorf("%s: %v, want %s", command, got, want.fix)
		}
		for _, f := range r.Findings {
			if f.Check == "unfinished" && strings.Join(f.Hints[0].Args, " ") != want.args {
				t.Errorf("%s: %+v", command, f)
			}
		}
	}
}

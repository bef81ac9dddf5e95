// Package status tells what each OpenAlgo on a machine is like now.
package status

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/autoupgrade"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/bytecode"
	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/calendar/kept"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/downtime"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/elsewhere/known"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/logsize"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/order"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/registered"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/welcome"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Status is what `status --json` prints.
type Status struct {
	Instances []Instance `json:"instances"`
	// Untold are addresses for messages that took none at the last try, in words.
	Untold []string `json:"messages_failing,omitempty"`

	Dir string `json:"-"` // where it was asked for one directory
}

// Instance is one OpenAlgo on this Docker.
type Instance struct {
	Name      string       `json:"name"` // the Compose project
	Dir       string       `json:"dir"`
	Ready     bool         `json:"ready"`
	Reason    string       `json:"reason"`             // why it is not ready; "" when it is
	Starting  bool         `json:"starting,omitempty"` // it is on its way up
	Note      string       `json:"note,omitempty"`     // what its own health check adds
	URL       string       `json:"url"`
	Tunnel    string       `json:"tunnel,omitempty"`     // the command that leads another computer here; "" with a domain
	Broker    string       `json:"broker,omitempty"`     // its id
	NoKey     bool         `json:"no_api_key,omitempty"` // the broker's API key is still to be entered
	Version   string       `json:"version,omitempty"`    // OpenAlgo's own
	Image     Image        `json:"image"`
	Container string       `json:"container"`
	State     string       `json:"state,omitempty"`
	Since     string       `json:"since,omitempty"` // RFC 3339, when the container started
	Ports     []string     `json:"ports,omitempty"`
	HTTPS     *HTTPS       `json:"https,omitempty"`
	Sizing    Sizing       `json:"sizing"`
	Schedule  *later.At    `json:"schedule,omitempty"` // a resize with --at
	Backup    *backup.Last `json:"backup,omitempty"`   // how the last one ended
	// Elsewhere is how the last copy of a backup to a store ended.
	Elsewhere *known.Last `json:"backup_elsewhere,omitempty"`
	// NoAccount says that it waits for its admin account, and Account what to do; the
	// link in it is for a person alone.
	NoAccount bool `json:"no_account,omitempty"`
	// Address is the machine's public address that the broker knows.
	Address *registered.Record `json:"public_ip,omitempty"`
	Account welcome.Account    `json:"-"`
	// AutoUpgrade says when upgrades are made without being asked for; "" is never.
	AutoUpgrade string `json:"auto_upgrade,omitempty"`
	// Market is what trades now, by OpenAlgo's own calendar.
	Market   *Market            `json:"market,omitempty"`
	Calendar *calendar.Calendar `json:"-"`
	// LastDowntime is the last time that a command stopped OpenAlgo and started it
	// again; nil: it never did.
	LastDowntime *downtime.Last `json:"last_downtime,omitempty"`
	// BackupDaily is when the host makes a backup by itself, HH:MM in India.
	BackupDaily string `json:"backup_daily,omitempty"`
	// BackupProblem says why that backup cannot run, failed, or did not run.
	BackupProblem string   `json:"backup_problem,omitempty"`
	Volumes       []Volume `json:"volumes"`
	// Logs is how much the logs take; nil without a container.
	Logs *logsize.Logs `json:"logs,omitempty"`
	// Bytecode says whether OpenAlgo's code is compiled, so that its next start is
	// short; "" where its image brings that, or nothing is mounted for it.
	Bytecode bytecode.State `json:"bytecode,omitempty"`
}

// Image is the image that a container runs from.
type Image struct {
	Ref    string `json:"ref"`
	Digest string `json:"digest"` // the registry's digest, or the image's ID where it has none
}

// Sizing is the sizing that a container has and the one that is due.
type Sizing struct {
	InForce   sizing.Sizing `json:"in_force"`
	Due       sizing.Sizing `json:"due"`
	ResizeDue bool          `json:"resize_due"`
}

// Volume is one volume of an instance; Bytes is -1 where Docker does
// not know its size.
type Volume struct {
	Name  string `json:"name"`
	Mount string `json:"mount"`
	Bytes int64  `json:"bytes"`
}

// Docker is what this package uses of Docker.
type Docker interface {
	ready.Engine
	kept.Docker
	Containers(ctx context.Context, labels ...string) ([]engine.Container, error)
	VolumeBytes(ctx context.Context) (map[string]int64, error)
	Image(ctx context.Context, ref string) (engine.Image, error)
}

// Look describes every OpenAlgo on this Docker, or with onlyDir the one in that
// directory. machine is what they share.
func Look(ctx context.Context, e Docker, machine sizing.Machine, onlyDir string) (Status, error) {
	status := Status{Instances: []Instance{}, Dir: onlyDir}
	all, err := e.Containers(ctx)
	if err != nil {
		return status, fmt.Errorf("look at the containers: %w", err)
	}
	all = current(slices.DeleteFunc(all, func(c engine.Container) bool { return !stacks.IsOpenAlgo(c) }))
	sizes, err := e.VolumeBytes(ctx)
	if err != nil {
		sizes = nil // a size is not worth failing for
	}
	if s, err := (instance.Dir(onlyDir)).LoadState(); onlyDir != "" && err == nil { // its own before one that is left over
		others := func(c engine.Container) int {
			if s.Project != "" && c.Labels[compose.LabelProject] == s.Project {
				return 0
			}
			return 1
		}
		order.By(all, func(a, b engine.Container) int { return others(a) - others(b) })
	}
	running := 0
	for _, c := range all {
		if c.State == "running" {
			running++
		}
	}
	var each []func() Instance
	for _, c := range all {
		dir := stacks.DirOf(c)
		if onlyDir != "" {
			if !belongs(c, onlyDir, e.Info().Local) {
				continue
			}
			dir = onlyDir // it may have been moved
		}
		others := running
		if c.State != "running" {
			others++
		}
		saved, _ := readfile.NoLink(filepath.Join(dir, instance.AnswersName), readfile.Config)
		due, _ := settings.DueSizing(machine, max(others, 1), settings.FixedSizing(saved))
		each = append(each, func() Instance { return describe(ctx, e, c, dir, due, sizes) })
	}
	status.Instances = atOnce(each)
	if onlyDir != "" && len(status.Instances) == 0 {
		status.Instances = append(status.Instances, withoutContainer(ctx, onlyDir)...)
	}
	return status, ctx.Err() // the last question may have failed because of that
}

// current leaves one container of each instance: during a run, and after one that was
// interrupted, there are two, and the running one is OpenAlgo.
func current(all []engine.Container) (out []engine.Container) {
	at := map[string]int{}
	for _, c := range all {
		key := stacks.DirOf(c) + "\x00" + c.Labels[compose.LabelProject]
		n, twice := at[key]
		switch {
		case !twice || stacks.DirOf(c) == "":
			at[key] = len(out)
			out = append(out, c)
		case !stacks.IsUp(out[n]) && stacks.IsUp(c):
			out[n] = c
		}
	}
	return out
}

// mostAtOnce is how many instances are asked at a time: one that hangs keeps nobody
// from seeing the others.
const mostAtOnce = 8

// atOnce describes several instances at the same time.
func atOnce(each []func() Instance) []Instance {
	out := make([]Instance, len(each))
	slots := make(chan struct{}, mostAtOnce)
	var all sync.WaitGroup
	for n, describe := range each {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			out[n] = describe()
		})
	}
	all.Wait()
	return out
}

// WithoutSizes is a Docker whose volumes are not summed up, which takes long.
func WithoutSizes(d Docker) Docker { return noSizes{d} }

type noSizes struct{ Docker }

func (noSizes) VolumeBytes(context.Context) (map[string]int64, error) { return nil, nil }

// belongs reports whether a container is the one of the instance in a
// directory, also where that was moved.
func belongs(c engine.Container, dir string, local bool) bool {
	switch stacks.WhoseIs(c, dir, local) {
	case stacks.Own:
		return stacks.SameFile(stacks.DirOf(c), dir) || local && stacks.EnvSource(c) != ""
	case stacks.Orphan:
		s, err := instance.Dir(dir).LoadState()
		return err == nil && s.IsOurs() && s.Project == c.Labels[compose.LabelProject]
	case stacks.Anothers:
	}
	return false
}

// withoutContainer describes an instance whose container is gone.
func withoutContainer(ctx context.Context, dir string) []Instance {
	work := instance.Dir(dir)
	s, err := work.LoadState()
	if err != nil || s.Project == "" {
		return nil
	}
	i := Instance{
		Name: s.Project, Dir: dir, Reason: "it has no container. To recreate the container, with the same keys and data: " + finding.Command(dir, "start"),
		Image: Image{Ref: s.ImageRef, Digest: s.ImageID}, Volumes: []Volume{}, Backup: backup.LoadLast(instance.Dir(dir)),
		LastDowntime: downtime.Load(instance.Dir(dir)).Last,
	}
	if work.HasJournal() { // of an uninstall, maybe, after which there is nothing to start
		i.Reason = "it has no container, and the last run was interrupted. The next command that makes changes completes or undoes that run first"
	}
	i.readDaily(ctx)
	return []Instance{i}
}

func (i *Instance) readDaily(ctx context.Context) {
	i.Elsewhere = known.LoadLast(instance.Dir(i.Dir))
	if d := later.LoadDaily(instance.Dir(i.Dir)); d != nil {
		i.BackupDaily, i.BackupProblem = d.Clock, later.DailyProblem(ctx, instance.Dir(i.Dir), time.Now())
	}
}

// proxyRestarts is what our start.sh tells of a WebSocket proxy that died.
var proxyRestarts = regexp.MustCompile(`\((WebSocket proxy: restarts: [^()]*)\)`)

func describe(ctx context.Context, e Docker, c engine.Container, dir string, due sizing.Sizing, sizes map[string]int64) Instance {
	i := Instance{
		Name: stacks.NameOf(c), Dir: dir, Container: c.Name, State: c.State,
		Image: Image{Ref: c.Image, Digest: c.ImageID}, Volumes: []Volume{},
	}
	if image, err := e.Image(ctx, c.ImageID); err == nil && image.DigestIn(c.Image) != "" {
		i.Image.Digest = image.DigestIn(c.Image)
	}
	if m := proxyRestarts.FindStringSubmatch(c.HealthLog); m != nil && c.State == "running" {
		i.Note = m[1]
	}
	if from := stacks.DirOf(c); e.Info().Local && stacks.WhoseIs(c, dir, true) == stacks.Orphan {
		i.Note = from + " is gone"
		if from != dir {
			i.Note = "moved here from " + from + ". To recreate the container for this directory: " + finding.Command(dir, "start")
		}
	}
	if c.State == "running" {
		i.Since = c.StartedAt.Format(time.RFC3339)
	}
	for _, p := range c.Ports {
		i.Ports = append(i.Ports, fmt.Sprintf("%s->%d", ready.Address(p.HostIP, p.HostPort), p.ContainerPort))
	}
	env := world.EnvOf(i.Dir)
	i.URL = world.URLOf(env, c)
	i.Broker, i.NoKey = settings.BrokerKey(env)
	i.Address = registered.Load(instance.Dir(i.Dir))
	i.Tunnel = tunnelTo(e.Info(), i.URL, c, knownAddress(i.Address))
	now := (&ready.Prober{Engine: e}).Now(ctx, c)
	i.Ready, i.Starting, i.Reason = now.Ready, now.Starting, now.Reason
	if now.Stopped {
		i.Reason += ". To start it: " + finding.Command(dir, "start")
	}
	if stacks.IsFrozen(c) {
		i.Reason = "it is frozen by a backup (for 5 s at most) or by `docker pause`. To resume: " + finding.Command(dir, "start")
	}
	if i.NoAccount = now.NoAccount; i.NoAccount {
		link := edge.SetupLink(instance.Glance(instance.Dir(i.Dir)).Edge, i.Dir)
		bind, port := c.Published(openalgo.WebPort)
		i.Account = welcome.Missing(link, i.URL, bind, port)
	}
	i.HTTPS = readHTTPS(ctx, i.Dir)
	if i.Ready && i.HTTPS != nil && i.HTTPS.Problem != "" {
		i.Ready, i.Reason = false, i.HTTPS.Problem
	}
	if e.Info().Local && i.State == "running" {
		i.Version = ready.Version(ctx, ready.Address(c.Published(openalgo.WebPort)))
	}
	i.Sizing = sizingOf(env, c, dir, due)
	i.Bytecode = bytecode.Of(ctx, e, c)
	i.Schedule = later.LoadAt(instance.Dir(i.Dir))
	i.Backup = backup.LoadLast(instance.Dir(i.Dir))
	i.LastDowntime = downtime.Load(instance.Dir(i.Dir)).Last
	i.readDaily(ctx)
	if auto, err := autoupgrade.Read(instance.Dir(i.Dir)); err != nil {
		i.AutoUpgrade = "none is made: what was chosen cannot be read"
	} else {
		i.AutoUpgrade = auto.Text()
	}
	i.readMarket(ctx, e, c, env, time.Now())
	i.Volumes = volumesOf(c, e.Info().Local, sizes)
	if sizes != nil { // nobody asks for sizes every few minutes
		logs := logsize.Of(c, e.Info().Local, sizes)
		i.Logs = &logs
	}
	return i
}

// volumesOf are what a container keeps its data in, with the sizes that are known. local
// says that its directories are on this machine.
func volumesOf(c engine.Container, local bool, sizes map[string]int64) []Volume {
	out := []Volume{}
	for _, m := range c.Mounts {
		if path := world.DirectoryOf(m); path != "" {
			bytes := int64(-1)
			if m.Target == logsize.Dir && local {
				bytes = logsize.In(path)
			}
			out = append(out, Volume{Name: path, Mount: m.Target, Bytes: bytes})
		}
		if m.Name == "" {
			continue
		}
		bytes, known := sizes[m.Name]
		if !known {
			bytes = -1
		}
		out = append(out, Volume{Name: m.Name, Mount: m.Target, Bytes: bytes})
	}
	return out
}

// sizingOf reads the values in force: .env wins over the container's
// environment, as it does in OpenAlgo; shared memory is the container's.
func sizingOf(file *envfile.File, c engine.Container, dir string, due sizing.Sizing) Sizing {
	env := map[string]string{}
	for _, pair := range c.Env {
		key, value, _ := strings.Cut(pair, "=")
		env[key] = value
	}
	for _, key := range sizing.EnvKeys() {
		if value, ok := file.Get(key); ok && value != "" {
			env[key] = value
		}
	}
	env["SHM_SIZE"] = strconv.FormatInt(c.ShmBytes>>20, 10) + "m"
	s := Sizing{Due: due, InForce: sizing.FromEnv(func(key string) (string, bool) { v, ok := env[key]; return v, ok })}
	last, _ := instance.Dir(dir).LoadState() // not known: every line is the user's
	s.ResizeDue = slices.ContainsFunc(settings.SizingLines(file, last, c, due, false), settings.SizingLine.Changes)
	return s
}

package install

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/step"
)

// dirSeen is a directory that a container or a volume names.
type dirSeen struct {
	Here   bool // the instance's own, by whatever name
	HasEnv bool
}

// envSeen is a file that a container has as its .env.
type envSeen struct {
	Same bool // the instance's own file
	Here bool // the .env of the instance's directory, which need not be there
}

// keyPlace is where a .env is that has the keys of this instance's data.
type keyPlace struct {
	Kind      keyPlaceKind
	Path      string
	Container string // its name
}

type keyPlaceKind int

const (
	keptCopy    keyPlaceKind = iota // a copy that this program made
	previousDir                     // of the directory that the container was created for
	stillOpen                       // a running container still has it open
	volumesDir                      // of the directory that the volume was created for
)

// seeContainer notes whose a container is, and the files that it names.
func (o *observed) seeContainer(c engine.Container) {
	o.Whose[c.ID] = whoseIs(c, string(o.Dir), o.Engine.Local)
	o.seeDir(dirOf(c))
	source := envSource(c)
	if _, known := o.Envs[source]; source == "" || known {
		return
	}
	o.seeDir(filepath.Dir(source))
	o.Envs[source] = envSeen{Same: sameFile(source, o.Dir.Env()), Here: isEnvOf(source, string(o.Dir))}
}

func (o *observed) seeDir(dir string) {
	if _, known := o.Dirs[dir]; dir != "" && !known {
		o.Dirs[dir] = dirSeen{Here: sameFile(dir, string(o.Dir)), HasEnv: hasEnv(dir)}
	}
}

// here reports whether a directory is the instance's own.
func (o *observed) Here(dir string) bool { return o.Dirs[dir].Here }

// elses reports whether a directory is another one than the instance's, and has
// a .env.
func (o *observed) Elses(dir string) bool { return o.Dirs[dir].HasEnv && !o.Dirs[dir].Here }

// seeKeys finds the places that have the keys of the data, best first. It looks
// only where they may be: in copies of .env that this program made, and at what
// the data's own containers and volumes name.
func (o *observed) seeKeys() {
	add := func(kind keyPlaceKind, path, container string) bool {
		if !fits(o.State, path) {
			return false
		}
		o.KeysAt = append(o.KeysAt, keyPlace{kind, path, container})
		return true
	}
	for _, path := range envCopies(o.Dir) {
		if add(keptCopy, path, "") {
			break
		}
	}
	for _, c := range o.All {
		source := envSource(c)
		if source == "" || !slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return slices.Contains(o.Data, m.Name) || slices.Contains(o.Data, m.Source) }) {
			continue
		}
		if !o.Envs[source].Here && add(previousDir, source, c.Name) {
			continue
		}
		if isUp(c) && o.Engine.Local && c.Pid > 0 {
			add(stillOpen, fmt.Sprintf("/proc/%d/root%s", c.Pid, openalgo.Env), c.Name)
		}
	}
	for _, place := range o.Data {
		if dir := o.Volumes[place].Labels[LabelDir]; dir != "" && !o.Here(dir) {
			add(volumesDir, filepath.Join(dir, instance.EnvName), "")
		}
	}
	o.Archive = backup.Newest(o.Dir)
}

// envCopies are copies of .env that this program made, the newest first.
func envCopies(w instance.Dir) []string {
	copies, _ := w.Kept(instance.EnvName)
	slices.Reverse(copies)
	for _, name := range []string{step.Snapshot, step.Replaced} {
		copies = append(copies, filepath.Join(w.Work(name), instance.EnvName))
	}
	return copies
}

// fits reports whether a .env has the keys of this instance's data, as far as
// they are known: else whether it has some at all.
func fits(s instance.State, path string) bool {
	text, err := readfile.NoLink(path, readfile.Config)
	if err != nil {
		return false
	}
	env, err := envfile.Parse(text)
	if err != nil {
		return false
	}
	pepper, _ := env.Get(keys.Pepper)
	found := keys.PepperState(pepper)
	return (found == keys.Sound || found == keys.Leaked) && s.OtherKey(env) == ""
}

func modified(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// dataPlaces names every place where this instance's databases may be and
// something is: volumes, or a directory that is mounted in their stead. It goes
// by what the container mounts, what docker-compose.yaml says, and the name
// that we would give, since each may have been changed by hand.
func (o *observed) dataPlaces() []string {
	var out []string
	add := func(volume, directory string) {
		if _, exists := o.Volumes[volume]; exists && !slices.Contains(out, volume) {
			out = append(out, volume)
		}
		if directory != "" && hasEntries(directory) && !slices.Contains(out, directory) {
			out = append(out, directory)
		}
	}
	add(o.Project+"_openalgo_db", "")
	for _, c := range o.Containers {
		for _, m := range c.Mounts {
			if m.Target == openalgo.DB {
				add(m.Name, bindSource(m))
			}
		}
	}
	if o.ComposeText == nil {
		return out
	}
	src := compose.Source{Dir: string(o.Dir), Env: o.EnvText,
		Files: []compose.File{{Path: o.Dir.Path(compose.FileName), Content: o.ComposeText}}}
	if o.Override != nil {
		src.Files = append(src.Files, *o.Override)
	}
	stack, err := compose.Load(src)
	if err != nil {
		o.Unread = err
		return out
	}
	for _, m := range stack.Spec("").Mounts {
		if m.Target == openalgo.DB {
			add(m.Source, bindSource(m))
		}
	}
	return out
}

func bindSource(m engine.Mount) string {
	if m.Type == "bind" {
		return m.Source
	}
	return ""
}

// answersAt reports whether something listens at an endpoint, as far as it is
// on this machine; others may.
func answersAt(endpoint string) bool {
	path, local := strings.CutPrefix(endpoint, "unix://")
	if !local {
		return true
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return errors.Is(err, os.ErrPermission)
	}
	_ = conn.Close()
	return true
}

func hasEnv(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, instance.EnvName))
	return dir != "" && err == nil
}

func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

func hasEntries(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0
}

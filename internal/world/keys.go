package world

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// seeKeys finds the places that have the keys of the data, best first. It looks
// only where they may be: in copies of .env that this program made, and at what
// the data's own containers and volumes name.
func seeKeys(o *Observation) {
	add := func(kind KeyPlaceKind, path, container string) bool {
		if !fits(o.State, path) {
			return false
		}
		o.KeysAt = append(o.KeysAt, KeyPlace{kind, path, container})
		return true
	}
	for _, path := range envCopies(o.Dir) {
		if add(KeptCopy, path, "") {
			break
		}
	}
	for _, c := range o.All {
		source := stacks.EnvSource(c)
		if source == "" || !slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return slices.Contains(o.Data, m.Name) || slices.Contains(o.Data, m.Source) }) {
			continue
		}
		if !o.Envs[source].Here && add(PreviousDir, source, c.Name) {
			continue
		}
		if stacks.IsUp(c) && o.Engine.Local && c.Pid > 0 {
			add(StillOpen, fmt.Sprintf("/proc/%d/root%s", c.Pid, openalgo.Env), c.Name)
		}
	}
	for _, place := range o.Data {
		if dir := o.Volumes[place].Labels[stacks.LabelDir]; dir != "" && !o.Here(dir) {
			add(VolumesDir, filepath.Join(dir, instance.EnvName), "")
		}
	}
	o.Archive = backup.Newest(o.Dir)
}

// envCopies are copies of .env that this program made, the newest first.
func envCopies(d instance.Dir) []string {
	copies, _ := instance.Kept(d, instance.EnvName)
	slices.Reverse(copies)
	for _, name := range []string{instance.Snapshot, instance.Replaced} {
		copies = append(copies, filepath.Join(d.Work(name), instance.EnvName))
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

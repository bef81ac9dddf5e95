package guard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Keys refuses keys that do not open this instance's data: API_KEY_PEPPER
// and FERNET_SALT open the database, and nothing else does.
func Keys(o *world.Observation) error {
	if len(o.Data) == 0 {
		return nil
	}
	what := KeyFault(o)
	if what == "" {
		return nil
	}
	end := finding.Unchanged
	if c := o.Container(); c != nil && stacks.IsUp(*c) {
		end += " OpenAlgo still runs with the keys that it read at its start. Do not stop it before you restore the keys."
	}
	return finding.Named(finding.HostNotReady, "keys", "%s\n\n%s contains an OpenAlgo database. Only its own encryption keys open it. "+
		"With other keys nobody can log in, and OpenAlgo cannot read the stored broker tokens.", what, placeName(o, o.Data[0])).
		With(KeyWays(o)...).Ending(end)
}

// KeyFault says in one line what is wrong with the keys in .env; "" when nothing
// speaks against them.
func KeyFault(o *world.Observation) string {
	if o.Env == nil {
		return "the encryption keys are gone: there is no .env"
	}
	if strings.TrimSpace(string(o.Env.Bytes())) == "" {
		return "the encryption keys are gone: .env is empty"
	}
	for _, key := range instance.DataKeys {
		if lines, differ := o.Env.Lines(key); differ {
			return fmt.Sprintf(".env has %s more than once, with different values, in lines %s", key, numbers(lines))
		}
	}
	pepper, _ := o.Env.Get(keys.Pepper)
	switch keys.PepperState(pepper) {
	case keys.Missing, keys.Malformed, keys.Placeholder:
		if !hasVariable(o, keys.Pepper) {
			return fmt.Sprintf("%s is %s in .env%s", keys.Pepper, keys.PepperState(pepper), at(o.Env, keys.Pepper))
		}
	case keys.Sound, keys.Leaked:
	}
	if key := o.State.OtherKey(o.Env); key != "" {
		if _, have := o.Env.Get(key); !have {
			return key + " is gone from .env"
		}
		return fmt.Sprintf("%s in .env%s differs from the value that OpenAlgo last ran with", key, at(o.Env, key))
	}
	return ""
}

// hasVariable reports whether another tool gave the container the key itself.
func hasVariable(o *world.Observation, key string) bool {
	c := o.Container()
	return c != nil && !o.State.IsOurs() && slices.ContainsFunc(c.Env, func(pair string) bool { return strings.HasPrefix(pair, key+"=") })
}

// at names the line of a key.
func at(env *envfile.File, key string) string {
	lines, _ := env.Lines(key)
	if len(lines) == 0 {
		return ""
	}
	return " (line " + numbers(lines) + ")"
}

func numbers(lines []int) string {
	var out []string
	for _, n := range lines {
		out = append(out, strconv.Itoa(n))
	}
	return strings.Join(out, " and ")
}

func placeName(o *world.Observation, place string) string {
	if _, volume := o.Volumes[place]; volume {
		return "the volume " + place
	}
	return place
}

// KeyWays returns the ways to bring the keys back. It names only places that
// have them, or may have them.
func KeyWays(o *world.Observation) []finding.Hint {
	var out []finding.Hint
	to := o.Dir.Env()
	copied := func(path string) string { return fmt.Sprintf("sudo cp -p %s %s", path, to) }
	for _, place := range o.KeysAt {
		switch place.Kind {
		case world.KeptCopy:
			out = append(out, finding.Shell("Restore the copy that has the encryption keys", copied(place.Path)))
		case world.PreviousDir:
			out = append(out, finding.Shell("Restore the .env of the previous directory", copied(place.Path)))
		case world.StillOpen:
			out = append(out, finding.Shell("Restore the .env that the running container "+place.Container+" still has open",
				fmt.Sprintf("sudo sh -c 'umask 077; docker exec %s cat %s >%s && chown %s %[3]s'", place.Container, openalgo.Env, to, openalgo.Owner)))
		case world.VolumesDir:
			out = append(out, finding.Shell("Restore the .env of the directory that the volume was created for", copied(place.Path)))
		}
	}
	if o.Archive != "" {
		out = append(out, finding.Run("Restore the newest backup, with its data and keys", "restore", o.Archive))
	}
	if len(out) == 0 {
		out = append(out, finding.Hint{Do: "Restore .env from your own backup. No copy with these keys was found on this machine (in the backups of " + string(o.Dir) + ", its containers and its volumes)"})
	}
	if o.Env != nil && hasPepper(o.Env) && o.State.OtherKey(o.Env) != "" { // an empty .env replaced nothing
		out = append(out, finding.Shell("If you replaced the database together with its .env, remove this record and run the same command again", "sudo rm "+o.Dir.Work("state.json")))
	}
	return append(out, finding.Beside(string(o.Dir), "Install a second, empty OpenAlgo beside it. The old data stays"))
}

func hasPepper(env *envfile.File) bool {
	value, _ := env.Get(keys.Pepper)
	return value != ""
}

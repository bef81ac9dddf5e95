package install

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/world"
	"github.com/marketcalls/openalgo-install/templates"
)

// keyConfigVersion is compared with the image's own .sample.env.
const keyConfigVersion = "ENV_CONFIG_VERSION"

// keyMaterial are the three keys that are worth as much as the database.
var keyMaterial = []string{keys.AppKey, keys.Pepper, keys.FernetSalt}

// envPlan is how .env changes: edits by key, so that they can be made on the
// file as it stands when the container has been stopped.
type envPlan struct {
	edits    []setting // keys to set
	settings []setting // everything that the answers say, for state.json
	kept     []string  // keys that the user or the app changed since; left alone
	left     []string  // sizing lines that differ from what is due; `resize` changes them
	text     []byte    // the file as it will stand, if nobody writes it in between
	fresh    bool      // there is no .env yet: made from the base
	base     []byte    // what a fresh one is made from
	// whole is what the user made of the file in an editor, comments included;
	// it counts while the file is the one that wholeOf is the SHA-256 of.
	whole   []byte
	wholeOf string
	// resalts says that the release makes a FERNET_SALT of its own when it
	// starts, and encrypts stored secrets again.
	resalts bool
	// replaces is the .env that this one, of a backup, takes the place of as a
	// whole; nil: it is edited.
	replaces []byte
}

func (p envPlan) changes() bool {
	if p.replaces != nil {
		return string(p.replaces) != string(p.text)
	}
	return p.fresh || len(p.edits) > 0 || p.whole != nil
}

// envMode is what is to become of a .env that is there.
type envMode int

const (
	envOurs      envMode = iota // the answers say how it is to be
	envAdopted                  // another tool made it: what it says counts
	envFromOther                // a backup has it: sizing is this machine's again
)

// containerKeys have one right value in our container, whatever .env said
// before: what listens where, and what is no development server
// (docs/openalgo-facts.md 1.7, 5.1).
var containerKeys = []string{"FLASK_HOST_IP", "FLASK_PORT", "FLASK_DEBUG", "FLASK_ENV", "WEBSOCKET_HOST", "WEBSOCKET_PORT"}

// planEnv decides the edits. current is nil when there is no .env; sample is
// the image's own base, nil when it is not known.
func planEnv(current *envfile.File, sample []byte, want []setting, last instance.State, dataMayExist bool) (envPlan, []string, error) {
	return planEditedEnv(current, sample, want, EnvEdit{}, last, dataMayExist, envOurs)
}

// planEditedEnv is planEnv with what a user asks of single keys; that counts
// before all else.
func planEditedEnv(current *envfile.File, sample []byte, want []setting, asked EnvEdit, last instance.State, dataMayExist bool, mode envMode) (envPlan, []string, error) {
	want = slices.DeleteFunc(slices.Clone(want), func(s setting) bool { return asked.names(s.Key) })
	p := envPlan{settings: append(want, asked.settings()...), fresh: current == nil, base: sample, whole: asked.Whole, wholeOf: asked.WholeOf}
	if p.base == nil {
		p.base = templates.Env
	}
	file := current
	if p.fresh {
		var err error
		if file, err = envfile.Parse(p.base); err != nil {
			return p, nil, fmt.Errorf("reading the image's .sample.env: %w", err)
		}
	}
	noSalt := !world.NamesSalt(sample)
	p.resalts = !p.fresh && !noSalt && last.FernetSalt == instance.SaltIdle && dataMayExist
	keySettings, warnings, err := planKeys(file, p.fresh, keys.Situation{DatabaseMayExist: dataMayExist, NoSalt: noSalt || p.resalts})
	if err != nil {
		return p, nil, err
	}
	p.edits = keySettings
	if p.resalts {
		p.edits = append(p.edits, setting{Key: keys.FernetSalt, Unset: true})
		warnings = append(warnings, resaltNote)
	}
	for _, set := range want {
		value, ok := file.Get(set.Key)
		switch {
		case ok && value == set.Value.Reveal():
		case !p.fresh && ok && set.Auto && (mode != envFromOther || !last.Wrote(set.Key, value)):
			p.left = append(p.left, set.Key) // the file wins; `resize` changes it
		case ok && mode == envAdopted && !slices.Contains(containerKeys, set.Key):
			// Theirs counts, now and in later runs, which find it noted as ours.
		case !p.fresh && ok && last.Wrote(set.Key, set.Value.Reveal()):
			p.kept = append(p.kept, set.Key)
		default:
			p.edits = append(p.edits, set)
		}
	}
	if !p.fresh && sample != nil {
		merge, err := mergeSample(file, sample)
		if err != nil {
			return p, nil, err
		}
		p.edits = append(p.edits, merge...)
	}
	for _, set := range asked.settings() {
		value, have := file.Get(set.Key)
		if set.Unset && have || !set.Unset && (!have || value != set.Value.Reveal()) {
			p.edits = append(p.edits, set)
		}
	}
	edited, err := p.apply(file)
	if err != nil {
		return p, nil, err
	}
	p.text = edited.Bytes()
	if len(p.kept) > 0 {
		warnings = append(warnings, fmt.Sprintf("kept as .env has it, changed there since the last run: %s", strings.Join(p.kept, ", ")))
	}
	return p, warnings, nil
}

// planKeys generates what is missing and never replaces what is sound.
func planKeys(file *envfile.File, fresh bool, s keys.Situation) ([]setting, []string, error) {
	get := func(key string) secret.Text {
		if fresh {
			return secret.Text{}
		}
		value, _ := file.Get(key)
		return secret.New(value)
	}
	current := keys.Keys{AppKey: get(keys.AppKey), Pepper: get(keys.Pepper), FernetSalt: get(keys.FernetSalt)}
	decision, err := keys.Decide(current, s, rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	values := map[string]secret.Text{
		keys.AppKey: decision.Keys.AppKey, keys.Pepper: decision.Keys.Pepper, keys.FernetSalt: decision.Keys.FernetSalt,
	}
	var out []setting
	for _, key := range keyMaterial {
		if slices.Contains(decision.New, key) {
			out = append(out, setting{Key: key, Value: values[key]})
		}
	}
	// A sound salt on another line, or quoted otherwise, the app would replace
	// (docs/openalgo-facts.md 1.6). One that is not sound stays where it is: next to
	// the pepper, the app would take it for its own and never look at the data.
	if salt := current.FernetSalt.Reveal(); !s.NoSalt && keys.SaltState(salt) == keys.Sound {
		placed := file.Clone()
		if err := placed.SetAfter(keys.Pepper, keys.FernetSalt, salt); err != nil {
			return nil, nil, err
		}
		if string(placed.Bytes()) != string(file.Bytes()) {
			out = append(out, setting{Key: keys.FernetSalt, Value: current.FernetSalt})
		}
	}
	return out, decision.Warnings, nil
}

// mergeSample gives a .env what a newer image's sample has and it has not: an
// older ENV_CONFIG_VERSION makes the app stop and ask (docs/openalgo-facts.md 1.4).
func mergeSample(file *envfile.File, sample []byte) ([]setting, error) {
	base, err := envfile.Parse(sample)
	if err != nil {
		return nil, fmt.Errorf("reading the image's .sample.env: %w", err)
	}
	theirs, _ := base.Get(keyConfigVersion)
	ours, _ := file.Get(keyConfigVersion)
	if !envfile.OlderVersion(ours, theirs) {
		return nil, nil
	}
	out := []setting{{Key: keyConfigVersion, Value: secret.New(theirs)}}
	for _, key := range base.Keys() {
		_, have := file.Get(key)
		if value, _ := base.Get(key); !have && !slices.Contains(keyMaterial, key) {
			out = append(out, setting{Key: key, Value: secret.New(value)})
		}
	}
	if merged, changed := mergeBrokers(file, base); changed {
		out = append(out, setting{Key: "VALID_BROKERS", Value: secret.New(merged)})
	}
	return out, nil
}

func mergeBrokers(file, base *envfile.File) (string, bool) {
	ours, have := file.Get("VALID_BROKERS")
	theirs, _ := base.Get("VALID_BROKERS")
	list := strings.Split(ours, ",")
	changed := false
	for _, id := range strings.Split(theirs, ",") {
		if !slices.Contains(list, id) {
			list, changed = append(list, id), true
		}
	}
	return strings.Join(list, ","), have && changed
}

// apply makes the edits on a copy of file.
func (p envPlan) apply(file *envfile.File) (*envfile.File, error) {
	edited := file.Clone()
	if p.whole != nil && sha256Hex(file.Bytes()) == p.wholeOf {
		var err error
		if edited, err = envfile.Parse(p.whole); err != nil {
			return nil, finding.Errorf(finding.Usage, "%w", err)
		}
	}
	for _, set := range p.edits {
		if set.Unset {
			edited.Unset(set.Key)
			continue
		}
		if err := setKey(edited, set.Key, set.Value.Reveal()); err != nil {
			return nil, finding.Errorf(finding.Usage, "%w", err)
		}
	}
	return edited, nil
}

// setKey sets one key; the salt has a place of its own, where the app leaves
// it alone (docs/openalgo-facts.md 1.6).
func setKey(file *envfile.File, key, value string) error {
	if key == keys.FernetSalt {
		return file.SetAfter(keys.Pepper, key, value)
	}
	return file.Set(key, value)
}

// checkEnv holds a whole .env against the app's own rules before anything is
// applied: what it would reject is an error here. anySalt says that the
// release ignores FERNET_SALT, or makes one itself.
func checkEnv(file *envfile.File, sample []byte, fresh, anySalt bool) (warnings []string, err error) {
	version := ""
	if base, err := envfile.Parse(sample); err == nil && sample != nil {
		version, _ = base.Get(keyConfigVersion)
	}
	var fatal []string
	for _, p := range envfile.Check(file, version) {
		if p.Key == keys.FernetSalt && anySalt {
			continue
		}
		text := p.Message
		if !strings.HasPrefix(text, p.Key) {
			text = p.Key + ": " + text
		}
		if p.Fatal {
			fatal = append(fatal, text)
		} else {
			warnings = append(warnings, ".env: "+text)
		}
	}
	if len(fatal) > 0 {
		kind := finding.HostNotReady // the file on disk says it
		if fresh {
			kind = finding.Usage // the answers say it
		}
		return warnings, finding.Errorf(kind, "OpenAlgo would not start with this .env:\n  - %s", strings.Join(fatal, "\n  - "))
	}
	return warnings, nil
}

// diff shows how .env changes, a first one against the base that it is made
// from. Values of secret keys are masked; that one of them changes is said
// below, since its masked lines look alike.
func (p envPlan) diff(before []byte) string {
	from := "a/.env"
	if p.fresh {
		before, from = p.base, "a/.sample.env"
	}
	edits := udiff.Strings(string(envfile.Masked(before)), string(envfile.Masked(p.text)))
	diff, err := udiff.ToUnified(from, "b/.env", string(envfile.Masked(before)), edits, 0)
	if err != nil {
		diff = "" // the edits are udiff's own: they always fit
	}
	var hidden []string
	for _, set := range p.edits {
		if !set.Unset && envfile.IsSecret(set.Key, set.Value.Reveal()) {
			hidden = append(hidden, set.Key)
		}
	}
	if len(hidden) > 0 {
		diff += "(new value, not shown: " + strings.Join(hidden, ", ") + ")\n"
	}
	return diff
}

// lostKeys reports whether err says that a key of existing data is missing.
func lostKeys(err error) bool {
	var lost *keys.LostError
	return errors.As(err, &lost)
}

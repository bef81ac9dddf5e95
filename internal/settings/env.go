// Package settings says what .env shall say, and how the file that is there
// changes: from answers, the image's own base and what the last run left.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/linediff"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/templates"
)

// keyMaterial are the three keys that are worth as much as the database.
var keyMaterial = []string{keys.AppKey, keys.Pepper, keys.FernetSalt}

// Env is how .env changes: edits by key, so that they can be made on the
// file as it stands when the container has been stopped.
type Env struct {
	Edits    []Setting // keys to set
	Settings []Setting // everything that the answers say, for state.json
	Kept     []string  // keys that the user or OpenAlgo changed since; left alone
	Left     []string  // sizing lines that differ from what is due; `resize` changes them
	Text     []byte    // the file as it will stand, if nobody writes it in between
	Fresh    bool      // there is no .env yet: made from the base
	base     []byte    // what a fresh one is made from
	// whole is what the user made of the file in an editor, comments included;
	// it counts while the file is the one that wholeOf is the SHA-256 of.
	whole   []byte
	wholeOf string
	// Resalts says that the release makes a FERNET_SALT of its own when it
	// starts, and encrypts stored secrets again.
	Resalts bool
	// Replaces is the .env that this one, of a backup, takes the place of as a
	// whole; nil: it is edited.
	Replaces []byte
}

// Writes reports whether the value of a key is written.
func (p Env) Writes(key string) bool {
	return p.Fresh || slices.ContainsFunc(p.Edits, func(s Setting) bool { return s.Key == key })
}

// Changes reports whether .env changes.
func (p Env) Changes() bool {
	if p.Replaces != nil {
		return string(p.Replaces) != string(p.Text)
	}
	return p.Fresh || len(p.Edits) > 0 || p.whole != nil
}

// Mode is what is to become of a .env that is there.
type Mode int

// What becomes of it.
const (
	Ours     Mode = iota // the answers say how it is to be
	Adopted              // another tool made it: what it says counts
	OfBackup             // a backup of another place has it: sizing is this machine's again
)

// Situation is what a decision follows from, beside what is wanted.
type Situation struct {
	Current      *envfile.File  // nil: there is no .env
	Sample       []byte         // the image's own base; nil: it is not known
	Last         instance.State // what the last run left
	DataMayExist bool
	Mode         Mode
	Random       []byte // keys.Random bytes, for keys that are made
}

// Decide decides the edits: what is wanted, and what a user asks of single keys,
// which counts before all else.
func Decide(s Situation, want []Setting, asked Edit) (Env, finding.Warnings, error) {
	current, sample, last := s.Current, s.Sample, s.Last
	want = slices.DeleteFunc(slices.Clone(want), func(s Setting) bool { return asked.names(s.Key) })
	p := Env{Settings: append(want, asked.settings()...), Fresh: current == nil, base: sample, whole: asked.Whole, wholeOf: asked.WholeOf}
	if p.base == nil {
		p.base = templates.Env()
	}
	file, err := With(current, asked.TakenOver)
	if err != nil {
		return p, nil, err
	}
	if p.Fresh {
		if file, err = envfile.Parse(p.base); err != nil {
			return p, nil, fmt.Errorf("read the image's .sample.env: %w", err)
		}
	}
	noSalt := !NamesSalt(sample)
	p.Resalts = !p.Fresh && !noSalt && last.FernetSalt == instance.SaltIdle && s.DataMayExist
	keySettings, warnings, err := planKeys(file, p.Fresh, keys.Situation{DatabaseMayExist: s.DataMayExist, NoSalt: noSalt || p.Resalts}, s.Random)
	if err != nil {
		return p, nil, err
	}
	p.Edits = append(Edit{Set: asked.TakenOver}.settings(), keySettings...)
	if p.Resalts {
		p.Edits = append(p.Edits, Setting{Key: keys.FernetSalt, Unset: true})
		warnings = append(warnings, resalts())
	}
	brings := bringsBroker(file, want, last)
	for _, set := range want {
		value, ok := file.Get(set.Key)
		switch {
		case ok && value == set.Value.Reveal():
		case !p.Fresh && ok && set.Auto && (s.Mode != OfBackup || !last.Wrote(set.Key, value)):
			p.Left = append(p.Left, set.Key) // the file wins; `resize` changes it
		case ok && s.Mode == Adopted && !slices.Contains(containerKeys, set.Key):
			// Theirs counts, now and in later runs, which find it noted as ours.
		case !p.Fresh && ok && last.Wrote(set.Key, set.Value.Reveal()) && (!brings || !isOfBroker(file, set)):
			p.Kept = append(p.Kept, set.Key)
		default:
			p.Edits = append(p.Edits, set)
		}
	}
	p.keepKey(file) // what is asked of single keys comes later, and counts
	if !p.Fresh && sample != nil {
		merge, err := mergeSample(file, sample)
		if err != nil {
			return p, nil, err
		}
		p.Edits = append(p.Edits, merge...)
	}
	for _, set := range asked.settings() {
		value, have := file.Get(set.Key)
		if set.Unset && have || !set.Unset && (!have || value != set.Value.Reveal()) {
			p.Edits = append(p.Edits, set)
		}
	}
	edited, err := p.apply(file)
	if err != nil {
		return p, nil, err
	}
	p.Text = edited.Bytes()
	if len(p.Kept) > 0 {
		warnings = append(warnings, finding.Warn("settings-kept", "kept your changes in .env since the last run: %s", strings.Join(p.Kept, ", ")))
	}
	return p, warnings, nil
}

// keepKey takes back what would empty a broker's key, or put a sample text in its
// place, where the redirect URL stays with that broker: the answers are of another
// one, and leave the key for later.
func (p *Env) keepKey(file *envfile.File) {
	if !slices.Contains(p.Kept, "REDIRECT_URL") {
		return
	}
	p.Edits = slices.DeleteFunc(p.Edits, func(s Setting) bool {
		_, credential := credentialKeys[s.Key]
		value, _ := file.Get(s.Key)
		takes := credential && !s.Unset && broker.Awaited(s.Value.Reveal()) && !broker.Awaited(value)
		if takes {
			p.Kept = append(p.Kept, s.Key)
		}
		return takes
	})
}

// planKeys generates what is missing and never replaces what is sound.
func planKeys(file *envfile.File, fresh bool, s keys.Situation, random []byte) ([]Setting, finding.Warnings, error) {
	get := func(key string) secret.Text {
		if fresh {
			return secret.Text{}
		}
		value, _ := file.Get(key)
		return secret.New(value)
	}
	current := keys.Keys{AppKey: get(keys.AppKey), Pepper: get(keys.Pepper), FernetSalt: get(keys.FernetSalt)}
	decision, err := keys.Decide(current, s, bytes.NewReader(random))
	if err != nil {
		return nil, nil, err
	}
	values := map[string]secret.Text{
		keys.AppKey: decision.Keys.AppKey, keys.Pepper: decision.Keys.Pepper, keys.FernetSalt: decision.Keys.FernetSalt,
	}
	var out []Setting
	for _, key := range keyMaterial {
		if slices.Contains(decision.New, key) {
			out = append(out, Setting{Key: key, Value: values[key]})
		}
	}
	// A sound salt on another line, or quoted otherwise, OpenAlgo would replace
	// (docs/openalgo-facts.md 1.6). One that is not sound stays where it is: next to
	// the pepper, OpenAlgo would take it for its own and never look at the data.
	if salt := current.FernetSalt.Reveal(); !s.NoSalt && keys.SaltState(salt) == keys.Sound {
		placed := file.Clone()
		if err := placed.SetAfter(keys.Pepper, keys.FernetSalt, salt); err != nil {
			return nil, nil, err
		}
		if string(placed.Bytes()) != string(file.Bytes()) {
			out = append(out, Setting{Key: keys.FernetSalt, Value: current.FernetSalt})
		}
	}
	return out, decision.Warnings, nil
}

// mergeSample gives a .env what a newer image's sample has and it has not: an
// older ENV_CONFIG_VERSION makes OpenAlgo stop and ask (docs/openalgo-facts.md 1.4).
func mergeSample(file *envfile.File, sample []byte) ([]Setting, error) {
	base, err := envfile.Parse(sample)
	if err != nil {
		return nil, fmt.Errorf("read the image's .sample.env: %w", err)
	}
	theirs, _ := base.Get(openalgo.ConfigVersion)
	ours, _ := file.Get(openalgo.ConfigVersion)
	if !envfile.OlderVersion(ours, theirs) {
		return nil, nil
	}
	out := []Setting{{Key: openalgo.ConfigVersion, Value: secret.New(theirs)}}
	for _, key := range base.Keys() {
		_, have := file.Get(key)
		if value, _ := base.Get(key); !have && !slices.Contains(keyMaterial, key) {
			out = append(out, Setting{Key: key, Value: secret.New(value)})
		}
	}
	if merged, changed := mergeBrokers(file, base); changed {
		out = append(out, Setting{Key: "VALID_BROKERS", Value: secret.New(merged)})
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
func (p Env) apply(file *envfile.File) (*envfile.File, error) {
	edited := file.Clone()
	if p.whole != nil && Sum(file.Bytes()) == p.wholeOf {
		var err error
		if edited, err = envfile.Parse(p.whole); err != nil {
			return nil, finding.Named(finding.Usage, "setting-invalid", "%w", err)
		}
	}
	for _, set := range p.Edits {
		if set.Unset {
			edited.Unset(set.Key)
			continue
		}
		if err := keys.Set(edited, set.Key, set.Value.Reveal()); err != nil {
			return nil, finding.Named(finding.Usage, "setting-invalid", "%w", err)
		}
	}
	return edited, nil
}

// Check holds a whole .env against OpenAlgo's own rules before anything is
// applied: what it would reject is an error here. anySalt says that the
// release ignores FERNET_SALT, or makes one itself.
func Check(file *envfile.File, sample []byte, fresh, anySalt bool) (warnings finding.Warnings, err error) {
	version := ""
	if base, err := envfile.Parse(sample); err == nil && sample != nil {
		version, _ = base.Get(openalgo.ConfigVersion)
	}
	var fatal []string
	keyless := false
	for _, p := range envfile.Check(file, version) {
		if p.Key == keys.FernetSalt && anySalt {
			continue
		}
		if IsKeyMissing(file, p) {
			keyless = true
			continue
		}
		text := p.Message
		if !strings.HasPrefix(text, p.Key) {
			text = p.Key + ": " + text
		}
		if p.Fatal {
			fatal = append(fatal, text)
		} else {
			warnings = append(warnings, finding.Warn("env-value", ".env: %s", text))
		}
	}
	if keyless {
		warnings = append(warnings, KeyMissing(file))
	}
	if len(fatal) > 0 {
		kind := finding.HostNotReady // the file on disk says it
		if fresh {
			kind = finding.Usage // the answers say it
		}
		return warnings, finding.Named(kind, "env-invalid", "OpenAlgo would not start with this .env:\n  - %s", strings.Join(fatal, "\n  - "))
	}
	return warnings, nil
}

// Diff shows how .env changes, a first one against the base that it is made
// from. Values of secret keys are masked; that one of them changes is said
// below, since its masked lines look alike.
func (p Env) Diff(before []byte) string {
	from := "a/.env"
	if p.Fresh {
		before, from = p.base, "a/.sample.env"
	}
	diff := linediff.Unified(from, "b/.env", string(envfile.Masked(before)), string(envfile.Masked(p.Text)), 0)
	var hidden []string
	for _, set := range p.Edits {
		if !set.Unset && envfile.IsSecret(set.Key, set.Value.Reveal()) {
			hidden = append(hidden, set.Key)
		}
	}
	if len(hidden) > 0 {
		diff += "(new value, not shown: " + strings.Join(hidden, ", ") + ")\n"
	}
	return diff
}

// LostKeys reports whether err says that a key of existing data is missing.
func LostKeys(err error) bool {
	var lost *keys.LostError
	return errors.As(err, &lost)
}

// Edit makes the plan's edits on .env as it stands now.
func (p Env) Edit(now []byte) ([]byte, error) {
	file, err := envfile.Parse(now)
	if err != nil {
		return nil, fmt.Errorf("read .env again: %w", err)
	}
	edited, err := p.apply(file)
	if err != nil {
		return nil, err
	}
	return edited.Bytes(), nil
}

// resalts says what happens on the first start of a release that knows
// FERNET_SALT.
func resalts() *finding.Error {
	return finding.Warn("salt-new", "this release encrypts stored secrets (API key, broker tokens, TOTP) with its own FERNET_SALT. "+
		"OpenAlgo creates it at the first start and encrypts the secrets again. "+
		"Then openalgo-install checks that OpenAlgo can decrypt them, and restarts OpenAlgo")
}

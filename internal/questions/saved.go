package questions

import (
	"maps"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

// Of returns the draft for an instance that was installed with these answers. Its
// secrets stay where they are, and so does what no question asks for.
func Of(saved []byte) *Draft {
	d, texts := New(), answers.Texts(saved)
	if len(texts) == 0 {
		return d // nothing to begin with
	}
	d.kept, d.rest = texts[KeyBroker], maps.Clone(texts)
	for _, s := range Screens {
		for _, q := range s.Questions {
			if text, ok := texts[q.Key]; ok && !q.Secret && q.Key != KeySwap {
				d.Given[q.Key] = text
				if !staysBeside(d, q.Key) {
					delete(d.rest, q.Key)
				}
			}
		}
	}
	if !hasDomain(d) {
		delete(d.Given, KeyTLS) // that is off without one, and nobody has chosen it
	}
	d.Given["image"] = savedImage(texts)
	for _, key := range []string{"version", "image.source", "image.ref", "image.url", "image.path"} {
		delete(d.rest, key)
	}
	d.Here.Ports.Web, d.Here.Ports.WebSocket = number(texts[keyWeb], d.Here.Ports.Web), number(texts[keySocket], d.Here.Ports.WebSocket)
	d.Given[KeyAdvanced] = "no"
	for _, q := range Screens[d.ScreenOf(KeyAdvanced)].Questions[1:] {
		if given, ok := d.Given[q.Key]; ok && given != presetOf(d, q) {
			d.Given[KeyAdvanced] = "yes"
		}
	}
	besideOf(d, saved)
	d.was = maps.Clone(d.Given)
	return d
}

// savedImage is where the image came from, as it is typed.
func savedImage(texts map[string]string) string {
	switch texts["image.source"] {
	case "rehearsal":
		return "rehearsal"
	case "path", "file":
		return texts["image.path"]
	case "git":
		return strings.TrimSuffix(texts["image.url"]+"#"+texts["image.ref"], "#")
	}
	if ref := texts["image.ref"]; ref != "" {
		return ref
	}
	return answers.DefaultImage
}

// unasked are the answers that no question asks for, but those that only go with one
// that has changed.
func unasked(d *Draft) map[string]string {
	out := map[string]string{}
	for key, text := range d.rest {
		section, _, _ := strings.Cut(key, ".")
		switch {
		case section == "image" && (d.Get("image") != d.was["image"] || !d.Advanced()):
		case section == "tls" && (d.Get(KeyTLS) != d.was[KeyTLS] || !hasDomain(d)):
		case (section == "watch" || section == "backup") && !staysBeside(d, key):
		default:
			out[key] = text
		}
	}
	return out
}

package instance

import (
	"cmp"
	"encoding/json"
)

// EnvImage returns an image that a container can be made from to read .env, which
// this user may not be allowed to read; "" is none. A first install that was
// interrupted has it in its journal, one that was undone in the state.
func EnvImage(d Dir) string {
	s := Glance(d)
	if image := cmp.Or(s.ImageID, s.EnvImage); image != "" {
		return image
	}
	var journal struct {
		Steps []struct {
			Kind string
			Step struct{ Image string }
		}
	}
	if text, err := ReadOwn(d.Work(JournalName)); err == nil {
		_ = json.Unmarshal(text, &journal) // one that cannot be read names none
	}
	for _, s := range journal.Steps {
		if s.Kind == "env.write" {
			return s.Step.Image
		}
	}
	return ""
}

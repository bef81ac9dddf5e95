package questions

import "github.com/marketcalls/openalgo-install/internal/answers"

// Of returns the draft that an answers file without secrets stands for, as far
// as there are questions for what it says.
func Of(saved []byte) *Draft {
	d, texts := New(), answers.Texts(saved)
	if len(texts) == 0 {
		return d // nothing to begin with
	}
	for _, s := range Screens {
		for _, q := range s.Questions {
			if text, ok := texts[q.Key]; ok && !q.Secret {
				d.Given[q.Key] = text
			}
		}
	}
	switch ref := texts["image.ref"]; {
	case texts["image.source"] == "rehearsal":
		d.Given["image"] = "rehearsal"
	case ref != "":
		d.Given["image"] = ref
	}
	d.Given[KeyAdvanced] = "no"
	for _, q := range Screens[len(Screens)-1].Questions[1:] {
		if given, ok := d.Given[q.Key]; ok && given != q.Preset {
			d.Given[KeyAdvanced] = "yes"
		}
	}
	return d
}

package run

// DoneOf are the parts of a run that are done.
func DoneOf(t *Tools) []string { return t.journal.(*Journal).DoneParts() }

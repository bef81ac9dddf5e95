// Package logrus writes nothing. Compose's library and Docker's tell it of each $ in
// .env and of other things that openalgo-install says itself, or that hold secrets.
package logrus

// Entry is a line that is not written.
type Entry struct{}

// WithError does nothing.
func WithError(error) *Entry { return &Entry{} }

// WithField does nothing.
func (e *Entry) WithField(string, any) *Entry { return e }

// Debug does nothing.
func (*Entry) Debug(...any) {}

// Warnf does nothing.
func (*Entry) Warnf(string, ...any) {}

// Debugf does nothing.
func Debugf(string, ...any) {}

// Warn does nothing.
func Warn(...any) {}

// Warnf does nothing.
func Warnf(string, ...any) {}

// Warning does nothing.
func Warning(...any) {}

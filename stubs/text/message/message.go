// Package message formats the messages of the JSON Schema reader, in English.
package message

import (
	"fmt"

	"golang.org/x/text/language"
)

// Printer formats as fmt does.
type Printer struct{}

// NewPrinter returns a printer for English.
func NewPrinter(language.Tag) *Printer { return &Printer{} }

// Sprintf is fmt.Sprintf.
func (*Printer) Sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

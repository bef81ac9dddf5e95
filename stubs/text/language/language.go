// Package language has the one language in which the program speaks.
package language

// Tag names a language.
type Tag string

// English is the only one.
const English Tag = "en"

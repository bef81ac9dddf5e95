// Package otlptracehttp is empty. The tests of Docker's client import it, and go mod tidy
// follows it to packages of golang.org/x/text that the replacement of that does not have.
package otlptracehttp

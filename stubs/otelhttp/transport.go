// Package otelhttp gives Docker's client the transport that it has: nobody here
// listens to traces.
package otelhttp

import (
	"net/http"

	"go.opentelemetry.io/otel/trace"
)

// Option does nothing.
type Option struct{}

// NewTransport returns base.
func NewTransport(base http.RoundTripper, _ ...Option) http.RoundTripper {
	if base == nil {
		return http.DefaultTransport
	}
	return base
}

// WithSpanNameFormatter does nothing.
func WithSpanNameFormatter(func(operation string, r *http.Request) string) Option { return Option{} }

// WithTracerProvider does nothing.
func WithTracerProvider(trace.TracerProvider) Option { return Option{} }

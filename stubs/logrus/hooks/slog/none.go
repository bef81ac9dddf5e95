// Package slog is asked for by tests of Docker's client, which nobody runs here.
package slog

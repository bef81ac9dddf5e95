package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// readPassphrase reads one from a file, or asks for it; twice where it is a new one.
func readPassphrase(ctx context.Context, a *app, from string, fresh bool) (secret.Text, error) {
	if from != "-" {
		text, err := readfile.Input(ctx, from, readfile.Secret)
		if ctx.Err() != nil {
			return secret.Text{}, errCancelled
		}
		if err != nil {
			return secret.Text{}, usage("--passphrase-file: %v", err)
		}
		text = bytes.TrimRight(text, "\r\n")
		if len(text) == 0 {
			return secret.Text{}, usage("--passphrase-file: %s is empty", from)
		}
		return secret.New(string(text)), nil
	}
	first, err := askSecret(ctx, a, "Passphrase: ")
	if err != nil || !fresh {
		return first, err
	}
	again, err := askSecret(ctx, a, "Repeat the passphrase: ")
	if err == nil && again.Reveal() != first.Reveal() {
		err = usage("the two passphrases differ; nothing was changed")
	}
	return first, err
}

// askSecret reads a line from the terminal without showing it.
func askSecret(ctx context.Context, a *app, question string) (secret.Text, error) {
	if !isTerminal(a.stdin) {
		return secret.Text{}, usage("cannot ask for the passphrase without a terminal. Pass a file with --passphrase-file")
	}
	text, err := readHidden(ctx, a, question)
	if err != nil && !errors.Is(err, io.EOF) {
		return secret.Text{}, fmt.Errorf("reading the passphrase: %w", err)
	}
	if len(text) == 0 {
		return secret.Text{}, usage("the passphrase is empty; nothing was changed")
	}
	return secret.New(text), nil
}

package cli

import (
	"context"
	"errors"
	"os"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// readAnswers reads the answers of one instance.
func readAnswers(ctx context.Context, a *app, name string) (answers.Answers, error) {
	all, err := readAllAnswers(ctx, a, name)
	if err != nil {
		return answers.Answers{}, err
	}
	if all[0].Name != "" {
		return answers.Answers{}, usage("%s lists several instances, and this command needs the answers for one", name)
	}
	return all[0].Answers, nil
}

// readAllAnswers reads and checks the answers; every mistake is reported at once.
func readAllAnswers(ctx context.Context, a *app, name string) ([]answers.Named, error) {
	return answersBy(ctx, a, name, answers.Lookup{Env: os.LookupEnv, ReadFile: func(path string) ([]byte, error) {
		return readfile.Input(ctx, path, readfile.Secret)
	}})
}

// answersBy is readAllAnswers with another way to the secrets.
func answersBy(ctx context.Context, a *app, name string, lookup answers.Lookup) ([]answers.Named, error) {
	data, err := answersText(ctx, a, name)
	if err != nil {
		return nil, err
	}
	all, problems := answers.ParseAll(data, lookup)
	if ctx.Err() != nil {
		return nil, errCancelled
	}
	if len(problems) > 0 {
		return nil, usage("%w", &answers.Invalid{Problems: problems})
	}
	return all, checkStores(all)
}

func answersText(ctx context.Context, a *app, name string) ([]byte, error) {
	if name == "-" {
		data, err := readfile.Stream(ctx, a.stdin, "stdin", readfile.Config)
		if ctx.Err() != nil {
			return nil, errCancelled
		}
		if err != nil {
			return nil, usage("cannot read the answers file from stdin: %v", err)
		}
		return data, nil
	}
	if err := isHere("the answers file", name, fetched(name)); err != nil {
		return nil, err
	}
	data, err := readfile.Input(ctx, name, readfile.Config)
	if ctx.Err() != nil {
		return nil, errCancelled
	}
	if errors.Is(err, readfile.ErrTooLarge) {
		return nil, usage("cannot read the answers file: %v", err)
	}
	if err != nil {
		return nil, usage("cannot read the answers file: %v. To write an example: %s answers init > %s", err, program, name)
	}
	if info, err := os.Stat(name); err == nil && info.Mode().Perm()&0o044 != 0 && answers.HasPlainSecrets(data) {
		warn(a.stderr, finding.Prompt{}, finding.Warn("answers-not-private", "%s contains secrets, and other users of this machine can read it. To make it private: chmod 600 %s", name, name))
	}
	return data, nil
}

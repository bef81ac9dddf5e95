package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

func init() { register(newAnswers) }

func newAnswers(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "answers",
		Short: "Write, check and describe answers files",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "init", Short: "Print an example with every answer explained", Args: noArgs,
			RunE: func(*cobra.Command, []string) error { return write(a.stdout, answers.Example()) },
		},
		&cobra.Command{
			Use: "schema", Short: "Print the JSON Schema of an answers file", Args: noArgs,
			RunE: func(*cobra.Command, []string) error { return write(a.stdout, answers.Schema()) },
		},
		newAnswersCheck(a),
	)
	return cmd
}

func newAnswersCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Check an answers file; - is stdin",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("answers check needs one file, or - for stdin")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := readAllAnswers(cmd.Context(), a, args[0])
			var invalid *answers.Invalid
			if err != nil && !errors.As(err, &invalid) {
				return err
			}
			problems := []answers.Problem{}
			if invalid != nil {
				problems = invalid.Problems
			}
			if a.json {
				if jsonErr := a.writeJSON(struct {
					Errors []answers.Problem `json:"errors"`
					OK     bool              `json:"ok"`
					finding.Told
				}{problems, err == nil, finding.Tell(warningsOf(all)...)}); jsonErr != nil {
					return jsonErr
				}
				if err != nil {
					return &toldError{err}
				}
				return nil
			}
			if err != nil {
				return err
			}
			for _, w := range warningsOf(all) {
				warn(a.stdout, finding.Prompt{}, w)
			}
			return write(a.stdout, []byte(args[0]+" is valid.\n"))
		},
	}
}

// warningsOf are those of every instance, with its name where there are several.
func warningsOf(all []answers.Named) finding.Warnings {
	out := finding.Warnings{}
	for _, n := range all {
		for _, w := range n.Answers.Warnings() {
			if n.Name != "" {
				w.Err = fmt.Errorf("%s: %w", n.Name, w.Err)
			}
			out = append(out, w)
		}
	}
	return out
}

// warn prints a warning for a person.
func warn(to io.Writer, prompt finding.Prompt, w *finding.Error) {
	fmt.Fprintf(to, "warning: %s\n", printable.Text(prompt.Sentence(w)))
}

func write(to io.Writer, data []byte) error {
	_, err := to.Write(data)
	return err
}

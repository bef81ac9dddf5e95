package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/host/dockersetup"
)

func init() { register(newDocker) }

func newDocker(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "docker",
		Short: "Install and start Docker Engine",
		Long: `Install Docker Engine and start it, now and at every boot. openalgo-install uses
Docker's signed package repository, or your distribution's package if Docker's
cannot be reached. If Docker runs already, nothing changes.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dryRun {
				return planDocker(cmd.Context(), a)
			}
			report, err := setUpDocker(cmd.Context(), a)
			if err != nil {
				return err
			}
			if a.json {
				return a.writeJSON(map[string]any{"changed": report.Changed, "version": report.Version, "notes": append([]string{}, report.Notes...)})
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print the commands and change nothing")
	return cmd
}

func planDocker(ctx context.Context, a *app) error {
	facts, err := host.Measure(ctx)
	if err != nil {
		return fmt.Errorf("measuring this machine: %w", err)
	}
	steps, err := dockersetup.Plan(facts, dockersetup.Look(ctx, facts, dockersetup.Options{}))
	if err != nil {
		return notReady(err)
	}
	lines := []string{}
	for _, step := range steps {
		lines = append(lines, step.String())
	}
	if a.json {
		return a.writeJSON(map[string]any{"steps": lines})
	}
	for _, line := range lines {
		fmt.Fprintln(a.stdout, line)
	}
	if len(lines) == 0 {
		fmt.Fprintln(a.stdout, "Nothing to do: Docker Engine is running.")
	}
	return nil
}

func setUpDocker(ctx context.Context, a *app) (dockersetup.Report, error) {
	out := a.stdout
	if a.json {
		out = a.stderr
	}
	facts, err := host.Measure(ctx)
	if err != nil {
		return dockersetup.Report{}, fmt.Errorf("measuring this machine: %w", err)
	}
	report, err := dockersetup.Install(ctx, facts, dockersetup.Options{Out: func(line string) { fmt.Fprintln(out, line) }})
	if err != nil {
		return report, notReady(err)
	}
	a.broughtDocker = report.Changed
	if !report.Changed {
		fmt.Fprintf(out, "%s is running already.\n", dockersetup.Named(report.Version))
	}
	for _, note := range report.Notes {
		fmt.Fprintln(out, note)
	}
	return report, nil
}

// bringDocker installs Docker Engine when the answers allow it and none answers.
func (c *installCommand) bringDocker(ctx context.Context, ans answers.Answers) error {
	if !ans.Docker.Install || c.dryRun {
		return nil
	}
	e, err := engine.Connect(ctx, engine.Options{})
	if err == nil {
		return e.Close()
	}
	if !errors.Is(err, engine.ErrAbsent) {
		return nil // another trouble, which the install itself reports
	}
	_, err = setUpDocker(ctx, c.app)
	return err
}

func notReady(err error) error {
	return finding.Named(finding.HostNotReady, "engine-not-installed", "%w", err)
}

// afterDocker says of a refusal that this run installed Docker before it.
func afterDocker(err error) error {
	end, stays := finding.EndOf(err), "Docker Engine was installed and stays."
	switch kind := kindOf(err); {
	case end == finding.Unchanged:
		stays += " Nothing else was changed."
	case end != "" || kind != finding.Usage && kind != finding.HostNotReady && kind != finding.Cancelled:
		return err
	}
	return &finding.Error{Kind: finding.KindOf(err), ID: finding.IDOf(err), Err: err, End: stays}
}

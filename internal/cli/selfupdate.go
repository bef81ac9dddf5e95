package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/selfupdate"
)

func init() { register(newSelfUpdate) }

func newSelfUpdate(a *app) *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "self-update",
		Short: "Update openalgo-install to the latest signed release",
		Long: `Update openalgo-install to its latest release, or to the version that you name
with --to. The release must be signed with the project's key, which is built in.
openalgo-install tries the new version before it replaces the current one.
OpenAlgo itself is not changed.

If you installed openalgo-install as a package, update it with the package
manager.` + selfupdate.Variable + `
names a mirror.`,
		Example: `  openalgo-install version --check
  openalgo-install self-update`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := a.presenter()
			result, err := selfUpdate(cmd.Context(), out, to, func(version string) error { return approveUpdate(a, version) })
			return out.end(result, updateError(cmd.Context(), err))
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "version to install, for example 1.4.0; it may be older")
	return cmd
}

// approveUpdate asks before an update where every command asks.
func approveUpdate(a *app, version string) error {
	if !a.asks || a.yes || !isTerminal(a.stdin) {
		return nil
	}
	return a.agree("openalgo-install " + version + " replaces " + currentVersion() + ". OpenAlgo itself is not changed.")
}

func selfUpdate(ctx context.Context, report event.Reporter, to string, approve func(version string) error) (event.Result, error) {
	if to != "" && !selfupdate.Valid(to) {
		return event.Result{}, usage("--to: %q is not a version. For example: 1.4.0", to)
	}
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return event.Result{}, fmt.Errorf("find openalgo-install's own file: %w", err)
	}
	if owner := selfupdate.Owner(ctx, self); owner != "" {
		return event.Result{}, finding.Named(finding.HostNotReady, "packaged", "%s belongs to the package %s. Update it with the package manager", self, owner)
	}
	releases, err := selfupdate.Open()
	if err != nil {
		return event.Result{}, usage("%v", err)
	}
	if err := releases.CanFetch(); err != nil {
		return event.Result{}, err
	}
	version := to
	if version == "" {
		if version, err = releases.Latest(ctx); err != nil {
			return event.Result{}, err
		}
		if !selfupdate.Newer(currentVersion(), version) {
			return event.Result{Message: "nothing to do: " + currentVersion() + " is the newest release"}, nil
		}
	}
	if err := approve(version); err != nil {
		return event.Result{}, err
	}
	var archive []byte
	end := event.Begin(report, "download", "download openalgo-install "+version)
	err = meter.Do(ctx, report, "download", "", func(ctx context.Context) (err error) {
		archive, err = releases.Fetch(ctx, version, runtime.GOOS, runtime.GOARCH)
		return err
	})
	end(err)
	if err != nil {
		return event.Result{}, err
	}
	if err := selfupdate.Replace(ctx, archive, self, version); err != nil {
		return event.Result{}, err
	}
	return event.Result{Changed: true, Message: fmt.Sprintf("%s is version %s now (was %s)", self, version, currentVersion())}, nil
}

func currentVersion() string { return version }

func updateError(ctx context.Context, err error) error {
	var told *finding.Error
	switch {
	case err == nil, errors.As(err, &told):
		return err
	case ctx.Err() != nil:
		return finding.Cancel()
	case errors.Is(err, selfupdate.ErrNoKey):
		return finding.Named(finding.HostNotReady, "no-release-key", "%w: it was built from source, so it cannot verify a release. Build the newer source, or install a release", err)
	}
	return finding.Named(finding.Failed, "self-update-failed", "%w. Nothing was changed", err)
}

// checkVersion is `version --check`: exit 0 when there is nothing newer, 10
// when there is.
func checkVersion(ctx context.Context, a *app) error {
	releases, err := selfupdate.Open()
	if err != nil {
		return usage("%v", err)
	}
	latest, err := releases.Latest(ctx)
	if err != nil {
		return updateError(ctx, err)
	}
	newer := selfupdate.Newer(currentVersion(), latest)
	if a.json {
		err = a.writeJSON(map[string]any{"version": currentVersion(), "latest": latest, "newer": newer})
	} else if newer {
		_, err = fmt.Fprintf(a.stdout, "%s is available. You have %s. To update: %s\n", latest, currentVersion(), finding.Command("", "self-update"))
	} else {
		_, err = fmt.Fprintf(a.stdout, "%s is the newest release\n", currentVersion())
	}
	if err == nil && newer {
		return &exitError{exitAvailable}
	}
	return err
}

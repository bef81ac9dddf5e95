package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"aead.dev/minisign"
	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/host/dockersetup"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/offline"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

func init() { register(newBundle) }

type bundleCommand struct {
	*app
	to, ref, key, passphrase string
	docker                   bool
}

func newBundle(a *app) *cobra.Command {
	c := &bundleCommand{app: a}
	cmd := &cobra.Command{
		Use:   "bundle --to DIR",
		Short: "Write all files for a machine without internet",
		Long: `Write all files for a machine without internet into a directory: openalgo-install
itself, the image of OpenAlgo, checksums, and the commands that install OpenAlgo
there. An image that Docker does not have is downloaded first.

--docker adds the packages of Docker, for a machine with the same distribution and
release as this one. --sign signs the checksums with a private key of minisign.

Nothing is installed or changed on this machine.`,
		Example: `  openalgo-install bundle --to ./openalgo-offline
  sudo openalgo-install bundle --to ./openalgo-offline --docker
  openalgo-install bundle --to ./openalgo-offline --image marketcalls/openalgo:2.0.2.1 --sign ~/.minisign/minisign.key`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&c.to, "to", "", "new directory for the files")
	cmd.Flags().StringVar(&c.ref, "image", answers.DefaultImage, "image of OpenAlgo")
	cmd.Flags().BoolVar(&c.docker, "docker", false, "add the packages of Docker Engine")
	cmd.Flags().StringVar(&c.key, "sign", "", "private key of minisign that signs the checksums")
	cmd.Flags().StringVar(&c.passphrase, "passphrase-file", "-", "file with the passphrase of the private key; - asks on the terminal")
	return cmd
}

func (c *bundleCommand) run(ctx context.Context) error {
	if c.to == "" {
		return usage("bundle needs --to DIR")
	}
	dir, err := filepath.Abs(c.to)
	if err != nil {
		return usage("--to: %v", err)
	}
	o := offline.Options{Dir: dir, Ref: c.ref, Report: c.presenter()}
	if o.Key, err = c.signer(ctx); err != nil {
		return err
	}
	if c.docker {
		o.Fetch = fetchPackages
	}
	e, _, err := connect(ctx)
	if err != nil {
		return err
	}
	defer e.Close()
	if o.Ref, err = c.bring(ctx, e); err != nil {
		return err
	}
	made, err := offline.Make(ctx, e, o)
	if err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(made)
	}
	fmt.Fprintf(c.stdout, "\n%s has all files for %s. Copy the directory to the other machine. Run these commands in it:\n\n", made.Dir, made.Platform)
	for _, command := range made.Commands {
		fmt.Fprintf(c.stdout, "    %s\n", command)
	}
	return nil
}

// bring makes sure that Docker has the image, and returns its reference.
func (c *bundleCommand) bring(ctx context.Context, e *engine.Engine) (string, error) {
	want := image.Want{Ref: c.ref}
	if c.ref == "rehearsal" {
		want = image.Want{Ref: image.TestRef(), Test: true}
	}
	_, err := e.Image(ctx, want.Ref)
	if errors.Is(err, engine.ErrImageNotFound) {
		err = image.Bringer{Engine: e, Report: c.presenter(), Clean: func(line string) string { return line }}.Bring(ctx, want, nil)
	}
	return want.Ref, err
}

// signer is the private key of --sign; nil is none.
func (c *bundleCommand) signer(ctx context.Context) (*minisign.PrivateKey, error) {
	if c.key == "" {
		return nil, nil
	}
	text, err := readfile.Regular(c.key, readfile.Secret)
	if err != nil {
		return nil, usage("--sign: %v", err)
	}
	var key minisign.PrivateKey
	if minisign.IsEncrypted(text) {
		passphrase, err := readPassphrase(ctx, c.app, c.passphrase, false)
		if err != nil {
			return nil, err
		}
		if key, err = minisign.DecryptKey(passphrase.Reveal(), text); err != nil {
			return nil, usage("--sign: the passphrase does not fit %s", c.key)
		}
	} else if err := key.UnmarshalText(text); err != nil {
		return nil, usage("--sign: %s is no private key of minisign", c.key)
	}
	return &key, nil
}

// fetchPackages downloads Docker's packages as this machine gets them.
func fetchPackages(ctx context.Context, dir string) (string, error) {
	facts, err := host.Measure(ctx)
	if err != nil {
		return "", fmt.Errorf("measuring this machine: %w", err)
	}
	fetch, install, err := dockersetup.Download(facts, dockersetup.Look(ctx, facts, dockersetup.Options{}), dir, os.DevNull)
	if err != nil {
		return "", notReady(err)
	}
	if out, err := exec.CommandContext(ctx, fetch[0], fetch[1:]...).CombinedOutput(); err != nil { //nolint:gosec // the package manager
		return "", (&finding.Error{Kind: finding.Failed, ID: "offline-failed", Err: fmt.Errorf("fetching Docker's packages: %w", err),
			Log: tail(string(out), 10), LogOf: "its last lines"}).Ending(finding.Unchanged)
	}
	return install, nil
}

func tail(text string, most int) []string {
	lines := strings.Split(strings.TrimSpace(printable.Text(text)), "\n")
	return lines[max(len(lines)-most, 0):]
}

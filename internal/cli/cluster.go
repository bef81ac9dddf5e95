package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/cluster"
	"github.com/marketcalls/openalgo-install/internal/doctor"
	"github.com/marketcalls/openalgo-install/internal/elsewhere"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// targetKubernetes has a command speak of an instance in a cluster.
const targetKubernetes = "kubernetes"

// clusterLong is the part of the help about a cluster.
const clusterLong = `

With --target kubernetes, the command works on an instance in a cluster, through
your own kubectl. --instance names the instance.`

// onClusters are the commands that work there, with the flags that they have there
// beside those of clusterFlags.
var onClusters = map[string][]string{
	"status":  {},
	"doctor":  {},
	"logs":    {"follow", "tail", "since", "timestamps", "grep"},
	"backup":  {"to", "keep", "log", "wait", "now", "stop", "dry-run", "recipient", "passphrase-file"},
	"restore": {"wait", "now", "dry-run", "identity", "passphrase-file"},
	"recover": {},
}

var everywhere = []string{"target", "context", "instance", "json", "yes", "no-color", "accessible", "verbose", "help"}

// inPlace is what to do in a cluster in place of a command. %s is the namespace.
var inPlace = map[string]finding.Hint{
	"set":     {Do: "Change env in your answers, render again, and apply"},
	"resize":  {Do: "Change sizing.ram in your answers, render again, and apply"},
	"upgrade": {Do: "Change image.ref in your answers, render again, and apply"},
	"domain":  {Do: "Change domain in your answers, render again, and apply"},
	"mcp":     {Do: "Change remote_mcp in your answers, render again, and apply"},
	"stop":    finding.Shell("Use kubectl", "kubectl scale statefulset/openalgo --replicas=0 --namespace %s"),
	"start":   finding.Shell("Use kubectl", "kubectl scale statefulset/openalgo --replicas=1 --namespace %s"),
	"restart": finding.Shell("Use kubectl", "kubectl rollout restart statefulset/openalgo --namespace %s"),
	"shell":   finding.Shell("Use kubectl", "kubectl exec -it openalgo-0 --namespace %s -- bash"),
	program:   {Do: "Write its files with render --target kubernetes, and apply them"},
}

// clusterFlags are those of a command that works on a cluster.
func clusterFlags(cmd *cobra.Command, a *app) {
	targetFlags(cmd.Flags(), a)
	cmd.Long = strings.TrimSpace(cmd.Long) + clusterLong
}

func targetFlags(f *pflag.FlagSet, a *app) {
	f.StringVar(&a.target, "target", "", "kubernetes for an instance in a cluster (default: this machine)")
	f.StringVar(&a.kubeContext, "context", "", "with --target kubernetes: context of your kubeconfig (default: the current one)")
}

// onCluster checks that a command works on a cluster, with these flags.
func onCluster(a *app, cmd *cobra.Command) error {
	name := strings.TrimPrefix(cmd.CommandPath(), program+" ")
	flags, works := onClusters[name]
	switch {
	case a.target == "" && a.kubeContext != "":
		return usage("--context needs --target kubernetes")
	case a.target == "swarm":
		return usage("openalgo-install has no commands for a swarm. Use docker service and docker stack")
	case a.target != targetKubernetes:
		return usage("--target: %q is not a target. Use kubernetes", a.target)
	case a.instanceName != "" && !answers.ValidName(a.instanceName):
		return usage("--instance: use small letters, digits and dashes, at most 40, for example alpha")
	case !works:
		err := usage("%s does not work with --target kubernetes", name)
		if hint, ok := inPlace[name]; ok {
			err = err.With(inNamespace(hint, kube.Namespace(a.instanceName)))
		}
		return err
	}
	var wrong []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(everywhere, f.Name) && !slices.Contains(flags, f.Name) {
			wrong = append(wrong, "--"+f.Name)
		}
	})
	if len(wrong) > 0 {
		return usage("%s does not work with --target kubernetes", strings.Join(wrong, ", "))
	}
	return nil
}

// inNamespace names the namespace in a hint of inPlace.
func inNamespace(hint finding.Hint, namespace string) finding.Hint {
	hint.Shell = slices.Clone(hint.Shell)
	for i, command := range hint.Shell {
		hint.Shell[i] = strings.Replace(command, "%s", namespace, 1)
	}
	return hint
}

func clusterInstance(a *app, report event.Reporter) (*cluster.Instance, error) {
	return cluster.Open(a.instanceName, a.kubeContext, report)
}

func clusterStatus(ctx context.Context, a *app) error {
	in, err := clusterInstance(a, nil)
	all := []*cluster.Instance{in}
	if err == nil && a.instanceName == "" {
		all, err = cluster.All(ctx, a.kubeContext)
	}
	if err != nil {
		return err
	}
	list := []cluster.Status{}
	for _, in := range all {
		s, err := in.Status(ctx)
		if err != nil {
			return err
		}
		list = append(list, s)
	}
	if a.json {
		return a.writeJSON(map[string]any{"instances": list})
	}
	if len(list) == 0 {
		fmt.Fprintln(a.stdout, "This cluster has no instance that openalgo-install rendered.")
	}
	for i, s := range list {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		s.WriteText(a.stdout)
	}
	return nil
}

// clusterDoctor shows what is found in the form of doctor's own report.
func clusterDoctor(ctx context.Context, a *app) error {
	in, err := clusterInstance(a, nil)
	if err != nil {
		return err
	}
	found, err := in.Examine(ctx)
	if err != nil {
		return err
	}
	r, levels := doctor.Report{}, map[cluster.Level]doctor.Level{cluster.OK: doctor.OK, cluster.Warning: doctor.Warning, cluster.Failure: doctor.Failure}
	for _, f := range found {
		one := doctor.Finding{Check: f.Check, ID: f.ID, Level: levels[f.Level], Evidence: f.Evidence, Hints: f.Hints}
		if len(f.Hints) > 0 {
			one.Mend = a.prompt().Line(f.Hints[0])
		}
		switch f.Level {
		case cluster.Failure:
			r.Failures++
		case cluster.Warning:
			r.Warnings++
		}
		r.Findings = append(r.Findings, one)
	}
	if a.json {
		err = a.writeJSON(r)
	} else {
		r.WriteText(present.Folded(a.stdout))
	}
	if err == nil && r.Failures > 0 {
		return &toldError{finding.Named(finding.Failed, "doctor-found", "doctor found problems")}
	}
	return err
}

func (c *logsCommand) ofCluster(ctx context.Context) error {
	in, err := clusterInstance(c.app, nil)
	if err != nil {
		return err
	}
	redact := in.Redactor(ctx)
	lines := &printable.Lines{Take: func(line string) { fmt.Fprint(c.stdout, c.Show(redact, line)) }}
	err = in.Logs(ctx, lines, c.Follow, c.Timestamps, c.Tail, c.Since)
	lines.Flush()
	return err
}

// clusterRun is a backup or a restore of an instance in a cluster.
type clusterRun interface {
	Lines() []string
	Do(ctx context.Context) (event.Result, error)
}

// inCluster shows the plan of a run with --dry-run, or else asks and carries it out.
// market is what a person must agree to; "" is nothing.
func inCluster(ctx context.Context, a *app, out *presenter, o changeOptions, run clusterRun, market string) error {
	if o.dryRun {
		if a.json {
			return a.writeJSON(map[string]any{"steps": run.Lines()})
		}
		for _, line := range run.Lines() {
			fmt.Fprintln(a.stdout, printable.Line(line))
		}
		fmt.Fprintln(a.stdout, "\nDry run: nothing was changed.")
		return nil
	}
	if market != "" {
		open := o.unanswered([]plan.Ask{{Kind: plan.AskMarket, Text: market}}, a.yes)
		if len(open) > 0 && !isTerminal(a.stdin) {
			return out.end(event.Result{}, cannotAsk(open, o))
		}
		for _, ask := range open {
			if err := a.agree("\n" + ask.Text + "."); err != nil {
				return out.end(event.Result{}, err)
			}
		}
	}
	return out.end(run.Do(ctx))
}

func (c *backupCommand) ofCluster(ctx context.Context, seal backup.Seal) error {
	out := c.presenter()
	if c.away != nil {
		return out.end(event.Result{}, usage("--to: a backup of a cluster goes to a directory or a file. Copy it to your store from there"))
	}
	in, err := clusterInstance(c.app, out)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	in.Wait = c.wait
	b, err := in.PlanBackup(ctx, cluster.BackupOptions{To: c.to, Keep: c.keep, Log: c.log, Seal: seal, Out: c.stdout, Now: time.Now})
	if err != nil {
		return out.end(event.Result{}, err)
	}
	o := c.changeOptions
	o.ways = "To back up now, add --now."
	return inCluster(ctx, c.app, out, o, b, b.Asks(ctx))
}

func (c *restoreCommand) ofCluster(ctx context.Context, key backup.Key) error {
	out := c.presenter()
	if elsewhere.Is(c.file) {
		return out.end(event.Result{}, usage("restore needs a file here for --target kubernetes. Copy the backup from your store first"))
	}
	in, err := clusterInstance(c.app, out)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	in.Wait = c.wait
	end := event.Begin(out, "check", "read the backup and check its checksums")
	archive, err := backup.Open(ctx, c.file, key)
	if end(err); err != nil {
		return out.end(event.Result{}, backup.OpenError(ctx, "", err))
	}
	r, err := in.PlanRestore(ctx, archive, time.Now)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	return inCluster(ctx, c.app, out, c.changeOptions, r, "")
}

func recoverInCluster(ctx context.Context, a *app) error {
	out := a.presenter()
	in, err := clusterInstance(a, out)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	message, err := in.Recover(ctx)
	if ctx.Err() != nil {
		err = finding.Cancel()
	}
	return out.end(event.Result{Changed: err == nil, Message: message}, err)
}

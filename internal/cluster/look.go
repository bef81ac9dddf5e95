package cluster

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/kubectl"
)

// Instance is one instance of OpenAlgo in a cluster.
type Instance struct {
	Name    string // "" is the only one of its answers
	Kubectl kubectl.Kubectl
	Report  event.Reporter
	// Wait is how long a start may take; 0 is the usual.
	Wait time.Duration
}

// Open returns an instance of the cluster that a context of the kubeconfig names.
func Open(name, kubeContext string, report event.Reporter) (*Instance, error) {
	k, err := kubectl.Find(kubeContext, kube.Namespace(name))
	if err != nil {
		return nil, err
	}
	return &Instance{Name: name, Kubectl: k, Report: report}, nil
}

// args are what a command about this instance names.
func (in *Instance) args(command ...string) []string {
	args := append(command, "--target", "kubernetes")
	if in.Name != "" {
		args = append(args, "--instance", in.Name)
	}
	if in.Kubectl.Context != "" {
		args = append(args, "--context", in.Kubectl.Context)
	}
	return args
}

// run is a hint that is a command of ours about this instance.
//
//go:noinline
func (in *Instance) run(do string, command ...string) finding.Hint {
	return finding.Anywhere(do, in.args(command...)...)
}

// keys is a hint that makes the Secret.
//
//go:noinline
func (in *Instance) keys(do string) finding.Hint {
	command := "openalgo-install keys --answers answers.yaml"
	if in.Name != "" {
		command += " --instance " + in.Name
	}
	return finding.Shell(do, command+" | "+in.Kubectl.Command("create", "--filename", "-"))
}

// advice is a hint without a command. Copied into each of its callers it would make the
// program bigger.
//
//go:noinline
func advice(do string) finding.Hint { return finding.Hint{Do: do} }

// see is a hint that is a command of kubectl's about it.
//
//go:noinline
func (in *Instance) see(do string, args ...string) finding.Hint {
	return finding.Shell(do, in.Kubectl.Command(args...))
}

// world is what was seen of an instance.
type world struct {
	set   statefulSet
	pods  []pod
	claim *claim // nil: there is none
	mark  *mark  // what an interrupted run left
}

// pod is OpenAlgo's; nil where there is none.
func (w *world) pod() *pod {
	if len(w.pods) == 0 {
		return nil
	}
	return &w.pods[0]
}

// claimName is the claim that has OpenAlgo's data.
func (w *world) claimName() string {
	for _, m := range w.set.container().Mounts {
		for _, v := range w.set.Spec.Template.Spec.Volumes {
			if v.Name == m.Name && v.Claim != nil {
				return v.Claim.Name
			}
		}
	}
	return kube.PVC
}

// look looks at an instance.
func (in *Instance) look(ctx context.Context) (*world, error) {
	w := &world{}
	if err := in.Kubectl.Get(ctx, &w.set, "statefulset", kube.StatefulSet); err != nil {
		if errors.Is(err, kubectl.ErrNotFound) {
			return nil, noInstance(in)
		}
		return nil, err
	}
	// By these labels its pods are counted: with others, one that runs would not be seen.
	if have := w.set.Spec.Selector.Labels; have[kube.LabelName] != kube.AppName || have[kube.LabelInstance] != kube.Instance(in.Name) {
		return nil, finding.Named(finding.HostNotReady, "cluster-instance-foreign", "the StatefulSet %s in the namespace %s was not written by openalgo-install for this instance", kube.StatefulSet, in.Kubectl.Namespace).
			With(advice("Name the one that you mean with --instance NAME, and its cluster with --context")).Ending(finding.Unchanged)
	}
	var err error
	if w.pods, err = in.podsNow(ctx); err != nil {
		return nil, err
	}
	var c claim
	switch err := in.Kubectl.Object(ctx, &c, "persistentvolumeclaim", w.claimName()); {
	case err == nil:
		w.claim = &c
	case !errors.Is(err, kubectl.ErrNotFound):
		return nil, err
	}
	w.mark = markOf(w.set.Meta)
	return w, nil
}

func (in *Instance) podsNow(ctx context.Context) ([]pod, error) {
	var pods list[pod]
	err := in.Kubectl.Get(ctx, &pods, "pods", "--selector", kube.SelectorText(in.Name))
	for i := range pods.Items {
		if err == nil {
			err = kubectl.CheckName("pod", pods.Items[i].Meta.Name)
		}
	}
	return pods.Items, err
}

// others names the pods beside OpenAlgo's that use its claim, and have not ended.
func others(ctx context.Context, in *Instance, w *world) (names []string, err error) {
	var pods list[pod]
	err = in.Kubectl.Get(ctx, &pods, "pods")
	for i := range pods.Items {
		p := &pods.Items[i]
		isOwn := p.Meta.Name == helper || p.Meta.Labels[kube.LabelName] == kube.AppName && p.Meta.Labels[kube.LabelInstance] == kube.Instance(in.Name)
		if !isOwn && p.Status.Phase != "Succeeded" && p.Status.Phase != "Failed" && p.uses(w.claimName()) {
			names = append(names, p.Meta.Name)
		}
	}
	return names, err
}

// refuseOthers refuses to copy or fill a claim that another pod may write to.
func refuseOthers(ctx context.Context, in *Instance, w *world) error {
	names, err := others(ctx, in, w)
	if err != nil || len(names) == 0 {
		return err
	}
	return finding.Named(finding.HostNotReady, "volume-in-use", "the claim %s is in use by another pod, which may write to it: %s", w.claimName(), strings.Join(names, ", ")).
		With(advice("End that pod first, for example by scaling what it belongs to down to 0")).Ending(finding.Unchanged)
}

func noInstance(in *Instance) error {
	return finding.Named(finding.HostNotReady, "cluster-instance-missing", "the namespace %s of this cluster has no instance", in.Kubectl.Namespace).
		With(advice("Name the instance with --instance NAME, and its cluster with --context"),
			finding.Anywhere("Or write its files, and apply them", "render", "--target", "kubernetes", "--answers", "answers.yaml", "--out", "out")).Ending(finding.Unchanged)
}

// All returns every instance in the cluster that openalgo-install rendered.
func All(ctx context.Context, kubeContext string) ([]*Instance, error) {
	k, err := kubectl.Find(kubeContext, "")
	if err != nil {
		return nil, err
	}
	return all(ctx, k)
}

func all(ctx context.Context, k kubectl.Kubectl) (out []*Instance, err error) {
	k.Namespace = ""
	var sets list[statefulSet]
	err = k.Get(ctx, &sets, "statefulsets", "--all-namespaces", "--selector", kube.LabelName+"="+kube.AppName+","+kube.LabelManagedBy+"="+kube.ManagedBy)
	for _, set := range sets.Items {
		name := set.Spec.Selector.Labels[kube.LabelInstance] // Argo CD writes another one into the labels
		if name == kube.Instance("") && set.Meta.Namespace == kube.Namespace("") {
			name = ""
		}
		one := k
		one.Namespace = set.Meta.Namespace
		out = append(out, &Instance{Name: name, Kubectl: one})
	}
	return out, err
}

package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/kubectl"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Level is how bad a finding is.
type Level int

// Levels. A failure is something that does not work now, a warning something that is
// going to hurt.
const (
	OK Level = iota
	Warning
	Failure
)

// Finding is what one check saw.
type Finding struct {
	Check, ID, Evidence string
	Level               Level
	Hints               []finding.Hint
}

// examination is what is found.
type examination struct {
	in    *Instance
	w     *world
	found []Finding
}

//go:noinline
func (x *examination) ok(check, format string, args ...any) {
	x.found = append(x.found, Finding{Check: check, Evidence: fmt.Sprintf(format, args...)})
}

//go:noinline
func (x *examination) warn(check, id, text string, hints ...finding.Hint) {
	x.found = append(x.found, Finding{check, id, text, Warning, hints})
}

//go:noinline
func (x *examination) fail(check, id, text string, hints ...finding.Hint) {
	x.found = append(x.found, Finding{check, id, text, Failure, hints})
}

// unseen says that a check could not look.
func (x *examination) unseen(check string, err error) {
	x.warn(check, finding.IDOf(err), "this could not be checked: "+err.Error(), finding.HintsOf(err)...)
}

// Examine finds what is wrong with an instance. It changes nothing.
func (in *Instance) Examine(ctx context.Context) ([]Finding, error) {
	w, err := in.look(ctx)
	if err != nil {
		return nil, err
	}
	x := &examination{in: in, w: w}
	x.interrupted()
	x.pod()
	x.image()
	x.secret(ctx)
	x.storage(ctx)
	x.egress(ctx)
	return x.found, ctx.Err()
}

func (x *examination) interrupted() {
	if m := x.w.mark; m != nil {
		x.fail("run", "unfinished", fmt.Sprintf("%s that began on %s has OpenAlgo stopped", m.Command, m.Host), x.in.run("If that run is over", "recover"))
	}
}

// manyRestarts are more than an update of the node makes.
const manyRestarts = 5

func (x *examination) pod() {
	s := statusOf(x.in, x.w)
	if n := max(x.w.set.replicas(), len(x.w.pods)); n > 1 {
		x.fail("pod", "pods-many", fmt.Sprintf("OpenAlgo has %d pods, and each may place the same orders", n),
			x.in.see("Keep one: this ends the others", "scale", "statefulset/"+kube.StatefulSet, "--replicas=1"))
	}
	switch {
	case s.Reason != "" && x.w.pod() == nil && x.w.set.replicas() == 0:
		if x.w.mark == nil {
			x.warn("pod", "not-running", "OpenAlgo is stopped: statefulset/"+kube.StatefulSet+" asks for no pod", x.in.see("Start OpenAlgo", "scale", "statefulset/"+kube.StatefulSet, "--replicas=1"))
		}
		return
	case s.Ready:
		x.ok("pod", "%s is ready on node %s", s.Pod.Name, s.Pod.Node)
	default:
		x.fail("pod", "not-ready", "OpenAlgo is not ready: "+s.Reason, x.in.see("See what happened", "describe", "pod", kube.Pod), x.in.run("Read its log", "logs"))
	}
	if s.Pod.Restarts >= manyRestarts {
		x.warn("pod", "restarts", fmt.Sprintf("the container started again %s; it ended last with %s", printable.Count(s.Pod.Restarts, "time"), s.Pod.Last), x.in.run("Read its log", "logs"))
	}
	if strings.HasPrefix(s.Pod.Last, "OOMKilled") {
		x.warn("memory", "memory-killed", "Kubernetes ended OpenAlgo, because it used more memory than its limit", advice("Give it more with sizing.ram in your answers, render again, and apply"))
	}
}

func (x *examination) image() {
	ref := x.w.set.container().Image
	tag := ref[strings.LastIndexByte(ref, '/')+1:]
	if !strings.Contains(ref, "@") && (strings.HasSuffix(tag, ":latest") || !strings.Contains(tag, ":")) {
		x.warn("image", "image-latest", ref+" may be another release at the pod's next start, on any day", advice("Name a release in image.ref of your answers, render again, and apply"))
		return
	}
	x.ok("image", "%s", ref)
}

func (x *examination) secret(ctx context.Context) {
	name := x.w.secretName()
	if name == "" {
		x.fail("secret", "cluster-secret-missing", "OpenAlgo's pod names no Secret with its keys", advice("Apply the rendered files again"))
		return
	}
	if err := kubectl.CheckName("secret", name); err != nil {
		x.unseen("secret", err)
		return
	}
	// The names alone: doctor needs no value of a secret.
	text, err := x.in.Kubectl.Run(ctx, nil, "get", "secret", name, "--output", `go-template={{range $k, $v := .data}}{{$k}}{{"\n"}}{{end}}`)
	switch {
	case errors.Is(err, kubectl.ErrNotFound):
		x.fail("secret", "cluster-secret-missing", "the Secret "+name+" is missing, so OpenAlgo cannot start",
			x.in.keys("If there is no data yet, make one"), advice("If there is data, restore the Secret that it was written with. The data opens with no other keys"))
	case err != nil:
		x.unseen("secret", err)
	default:
		want := []string{keys.AppKey, keys.Pepper}
		if x.w.mounted() != "" {
			want = []string{kube.EnvKey}
		}
		have := strings.Fields(string(text))
		for _, key := range want {
			if !slices.Contains(have, key) {
				x.fail("secret", "cluster-secret-missing", fmt.Sprintf("the Secret %s has no %s", name, key), advice("Add it, as it was when the data was written"))
				return
			}
		}
		x.ok("secret", "the Secret %s has the keys", name)
	}
}

// shares are file systems over a network that SQLite damages, by a part of the name of
// what provides them.
var shares = []string{"nfs", "efs", "cephfs", "azurefile", "file.csi.azure", "filestore", "smb", "cifs", "glusterfs"}

func (x *examination) storage(ctx context.Context) {
	c := x.w.claim
	if c == nil {
		x.fail("storage", "volume-missing", "the claim "+x.w.claimName()+" with OpenAlgo's data is missing", advice("Apply the rendered files again"))
		return
	}
	if c.Status.Phase != "Bound" {
		x.fail("storage", "volume-unbound", fmt.Sprintf("the claim %s has no volume yet (%s)", c.Meta.Name, c.Status.Phase), x.in.see("See why", "describe", "persistentvolumeclaim", c.Meta.Name))
		return
	}
	var v persistent
	if err := x.in.Kubectl.Object(ctx, &v, "persistentvolume", c.Spec.Volume); err != nil {
		x.unseen("storage", err)
		return
	}
	by := ""
	var class storageClass
	if c.Spec.Class != "" && x.in.Kubectl.Object(ctx, &class, "storageclass", c.Spec.Class) == nil {
		by = class.Provisioner
	}
	if v.Spec.CSI != nil {
		by = v.Spec.CSI.Driver
	}
	if v.Spec.NFS != nil || slices.ContainsFunc(shares, func(part string) bool { return strings.Contains(strings.ToLower(by), part) }) {
		x.fail("storage", "volume-shared", fmt.Sprintf("the volume %s is on a network file system (%s), which damages SQLite databases", c.Spec.Volume, cmp.Or(by, "NFS")),
			x.in.run("Make a backup", "backup"), advice("Then restore it into an instance with a storage class of block or local disks"))
	} else {
		x.ok("storage", "claim %s: %s, class %s (%s)", c.Meta.Name, c.Status.Capacity["storage"], cmp.Or(c.Spec.Class, "none"), cmp.Or(by, "by hand"))
	}
	if names, err := others(ctx, x.in, x.w); err == nil && len(names) > 0 {
		x.warn("storage", "volume-in-use", fmt.Sprintf("another pod uses the claim %s, and may damage OpenAlgo's databases: %s", c.Meta.Name, strings.Join(names, ", ")),
			advice("End that pod, for example by scaling what it belongs to down to 0"))
	}
	if v.Spec.Reclaim == "Delete" {
		keep := x.in.Kubectl
		keep.Namespace = ""
		x.warn("storage", "volume-reclaimed", "whoever deletes the claim or its namespace deletes the data (reclaim policy Delete of the volume "+c.Spec.Volume+")",
			finding.Shell("Keep the volume in that case", keep.Command("patch", "persistentvolume", c.Spec.Volume, "--patch", `{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}`)))
	}
}

// egress compares the address that the internet sees of this OpenAlgo with those of the
// others: brokers take each from one customer alone.
func (x *examination) egress(ctx context.Context) {
	p := x.w.pod()
	if p == nil || !p.runs() {
		return
	}
	own := egressOf(ctx, x.in, p.Meta.Name)
	if own == "" {
		x.ok("egress", "the address that brokers see is not known")
		return
	}
	rest, err := all(ctx, x.in.Kubectl)
	if err != nil {
		x.ok("egress", "brokers see %s. It cannot be checked whether another instance has the same address", own)
		return
	}
	var same []string
	for _, other := range rest {
		if other.Kubectl.Namespace == x.in.Kubectl.Namespace {
			continue
		}
		pods, err := other.podsNow(ctx)
		if err == nil && len(pods) > 0 && pods[0].runs() && egressOf(ctx, other, pods[0].Meta.Name) == own {
			same = append(same, other.Kubectl.Namespace)
		}
	}
	if len(same) > 0 {
		x.warn("egress", "egress-shared", fmt.Sprintf("brokers see the address %s for %s as well, and most accept an address from one customer only", own, strings.Join(same, ", ")),
			advice("Give each its own node or egress address with kubernetes.egress in your answers"))
		return
	}
	x.ok("egress", "brokers see %s", own)
}

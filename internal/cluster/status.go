package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/kubectl"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/publicip"
)

// Status is what an instance in a cluster is like.
type Status struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Context   string `json:"context,omitempty"`
	Ready     bool   `json:"ready"`
	Reason    string `json:"reason"` // why it is not; "" when it is
	URL       string `json:"url"`
	Image     struct {
		Ref    string `json:"ref"`
		Digest string `json:"digest"`
	} `json:"image"`
	Pod struct {
		Name     string     `json:"name,omitempty"`
		Node     string     `json:"node,omitempty"`
		Phase    string     `json:"phase,omitempty"`
		Started  *time.Time `json:"started,omitempty"`
		Restarts int        `json:"restarts"`
		Last     string     `json:"last_end,omitempty"` // how its container ended last
	} `json:"pod"`
	Volume struct {
		Claim    string   `json:"claim"`
		Phase    string   `json:"phase"`
		Capacity string   `json:"capacity,omitempty"`
		Class    string   `json:"class,omitempty"`
		Name     string   `json:"volume,omitempty"`
		Modes    []string `json:"access_modes,omitempty"`
	} `json:"volume"`
	Resources json.RawMessage `json:"resources,omitempty"`
	// Egress is the address from which brokers see its orders; "" is not known.
	Egress string `json:"egress_address"`
	// Interrupted says which run left it stopped; "" is none.
	Interrupted string `json:"interrupted,omitempty"`
}

// Status looks at an instance.
func (in *Instance) Status(ctx context.Context) (Status, error) {
	w, err := in.look(ctx)
	if err != nil {
		return Status{}, err
	}
	s := statusOf(in, w)
	if values, err := variablesOf(ctx, in, w, false); err == nil {
		s.URL = values["HOST_SERVER"]
	}
	if p := w.pod(); p != nil && p.runs() {
		s.Egress = egressOf(ctx, in, p.Meta.Name)
	}
	return s, nil
}

func statusOf(in *Instance, w *world) Status {
	c := w.set.container()
	s := Status{Name: in.Name, Namespace: in.Kubectl.Namespace, Context: in.Kubectl.Context, Resources: c.Needs}
	s.Image.Ref = c.Image
	if w.mark != nil {
		s.Interrupted = w.mark.Command + " of " + market.Text(w.mark.Began)
	}
	s.Volume.Claim, s.Volume.Phase = w.claimName(), "missing"
	if w.claim != nil {
		s.Volume.Phase, s.Volume.Capacity = w.claim.Status.Phase, w.claim.Status.Capacity["storage"]
		s.Volume.Class, s.Volume.Name, s.Volume.Modes = w.claim.Spec.Class, w.claim.Spec.Volume, w.claim.Spec.Modes
	}
	p := w.pod()
	switch {
	case p == nil && w.set.replicas() == 0:
		s.Reason = "OpenAlgo is stopped"
	case p == nil:
		s.Reason = "there is no pod yet"
	default:
		s.Pod.Name, s.Pod.Node, s.Pod.Phase, s.Pod.Started = p.Meta.Name, p.Spec.NodeName, p.Status.Phase, p.Status.Started
		if s.Ready = p.is("Ready") && p.Meta.Deleted == nil; !s.Ready {
			s.Reason = p.reason()
		}
		if len(p.Status.Containers) > 0 {
			one := p.Status.Containers[0]
			s.Pod.Restarts = one.Restarts
			if one.Last.Terminated != nil {
				s.Pod.Last = fmt.Sprintf("%s (%d)", one.Last.Terminated.Reason, one.Last.Terminated.Code)
			}
			_, s.Image.Digest, _ = strings.Cut(one.ImageID, "@")
		}
	}
	return s
}

// egressTime is how long a pod may take to say which address the internet sees.
const egressTime = 15 * time.Second

// egressOf returns the address from which a pod reaches the internet; "" is not known.
func egressOf(ctx context.Context, in *Instance, pod string) string {
	if publicip.IsOff() {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, egressTime)
	defer cancel()
	out := &kubectl.Answer{}
	if inPod(ctx, in, pod, nil, out, append([]string{"address"}, publicip.Default().IPv4...)...) != nil {
		return ""
	}
	var said struct {
		Address string `json:"address"`
	}
	_ = json.Unmarshal(out.Bytes(), &said)
	if _, err := netip.ParseAddr(said.Address); err != nil {
		return ""
	}
	return said.Address
}

// WriteText writes it for a person.
func (s *Status) WriteText(w io.Writer) {
	state := "ready"
	if !s.Ready {
		state = "not ready: " + s.Reason
	}
	name := s.Name
	if name == "" {
		name = "openalgo"
	}
	fmt.Fprintf(w, "%s (namespace %s)  %s\n", printable.Line(name), printable.Line(s.Namespace), printable.Line(state))
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(out, "  %s\t%s\n", label, printable.Line(text))
		}
	}
	if s.Pod.Name != "" {
		text := s.Pod.Name
		if s.Pod.Node != "" {
			text += " on node " + s.Pod.Node
		}
		if s.Pod.Started != nil {
			text += ", since " + market.Text(*s.Pod.Started)
		}
		text += ", " + printable.Count(s.Pod.Restarts, "restart")
		if s.Pod.Last != "" {
			text += ", last end: " + s.Pod.Last
		}
		line("Pod", text)
	}
	line("Image", strings.TrimSpace(s.Image.Ref+" "+s.Image.Digest))
	data := []string{"claim " + s.Volume.Claim, strings.ToLower(s.Volume.Phase), s.Volume.Capacity} // an unbound claim has no capacity
	if s.Volume.Class != "" {
		data = append(data, "class "+s.Volume.Class)
	}
	line("Data", strings.Join(slices.DeleteFunc(data, func(s string) bool { return s == "" }), ", "))
	line("URL", s.URL)
	line("Egress address", s.Egress)
	line("Interrupted", s.Interrupted)
	_ = out.Flush()
}

// Logs copies the log of OpenAlgo's container, as kubectl prints it.
func (in *Instance) Logs(ctx context.Context, out io.Writer, follow, stamps bool, tail int, since time.Time) error {
	w, err := in.look(ctx)
	if err != nil {
		return err
	}
	p := w.pod()
	if p == nil {
		return finding.Named(finding.HostNotReady, "not-running", "OpenAlgo has no pod in the namespace %s", in.Kubectl.Namespace).With(in.run("Find the problem", "doctor"))
	}
	args := []string{"logs", p.Meta.Name, "--container", w.set.container().Name}
	if follow {
		args = append(args, "--follow")
	}
	if stamps {
		args = append(args, "--timestamps")
	}
	if tail > 0 {
		args = append(args, fmt.Sprintf("--tail=%d", tail))
	}
	if !since.IsZero() {
		args = append(args, "--since-time="+since.UTC().Format(time.RFC3339))
	}
	if err := in.Kubectl.Pipe(ctx, nil, out, args...); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

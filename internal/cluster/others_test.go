package cluster

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/kubectl"
)

// another is the mark of a run on another machine.
func another() map[string]string {
	m := newMark(backingUp, 1, closed)
	m.Host, m.ID = "elsewhere", "other"
	text, _ := json.Marshal(m)
	return map[string]string{markName: string(text)}
}

// Of two backups that begin together one is refused, and touches nothing of the other's.
func TestTwoBackupsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	plan, err := b.in.PlanBackup(t.Context(), b.options())
	must(t, err)
	b.f.Annotations, b.f.Replicas, b.f.Pods = another(), 0, []string{helper}
	b.f.Version++
	b.calls()
	if _, err = plan.Do(t.Context()); finding.IDOf(err) != "cluster-busy" {
		t.Errorf("%v", err)
	}
	if b.f.Replicas != 0 || !slices.Equal(b.f.Pods, []string{helper}) || b.f.Annotations[markName] == "" {
		t.Errorf("%d replicas, %v, %v\n%s", b.f.Replicas, b.f.Pods, b.f.Annotations, strings.Join(b.calls(), "\n"))
	}
}

// A run whose OpenAlgo another one took over does not start it in that one's middle.
func TestTakenOver(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	plan, err := b.in.PlanBackup(t.Context(), b.options())
	must(t, err)
	made := false
	b.in.Kubectl = kubectl.With(func(ctx context.Context, in io.Reader, out io.Writer, args []string) (string, error) {
		said, err := b.f.kubectl(ctx, in, out, args)
		if !made && slices.Contains(args, "create") {
			made = true
			b.f.Annotations = another()
			b.f.Version++
		}
		return said, err
	}, "openalgo-alpha")
	if _, err = plan.Do(t.Context()); finding.IDOf(err) == "" {
		t.Errorf("%v", err)
	}
	if b.f.Replicas != 0 || !slices.Contains(b.f.Pods, helper) || b.f.Annotations[markName] == "" || b.file() != "" {
		t.Errorf("%d replicas, %v, %v, %q", b.f.Replicas, b.f.Pods, b.f.Annotations, b.file())
	}
}

// Pods are counted by labels: one that has others would be copied while it runs.
func TestStatefulSetOfAnother(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.f.Label = "beta"
	if _, err := b.backup(t.Context()); finding.IDOf(err) != "cluster-instance-foreign" || b.f.Replicas != 1 {
		t.Errorf("%v", err)
	}
}

func TestClaimInUse(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	file := b.made()
	b.f.Others = map[string]string{"browser": "Running", "ended": "Succeeded"}
	_, err := b.in.PlanBackup(t.Context(), b.options())
	if finding.IDOf(err) != "volume-in-use" || !strings.Contains(err.Error(), "browser") || strings.Contains(err.Error(), "ended") {
		t.Errorf("%v", err)
	}
	found, err := b.in.Examine(t.Context())
	must(t, err)
	if !slices.ContainsFunc(found, func(f Finding) bool { return f.ID == "volume-in-use" }) {
		t.Errorf("%v", found)
	}
	b.empty()
	if _, err := b.restore(t.Context(), file); finding.IDOf(err) != "volume-in-use" {
		t.Errorf("%v", err)
	}
}

func TestTwoPods(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.f.Replicas = 2
	found, err := b.in.Examine(t.Context())
	must(t, err)
	if !slices.ContainsFunc(found, func(f Finding) bool { return f.ID == "pods-many" && f.Level == Failure }) {
		t.Errorf("%v", found)
	}
	b.made()
	b.wantRunning("two pods were asked for before")
}

// The claim's name is the namespace's owner's to write, and Kubernetes takes any.
func TestNamesThatAreFlags(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.f.Claim = "--server=http://evil.example"
	if _, err := b.in.Status(t.Context()); finding.IDOf(err) != "cluster-name-impossible" {
		t.Errorf("%v", err)
	}
	if calls := strings.Join(b.calls(), "\n"); strings.Contains(calls, "evil") {
		t.Error(calls)
	}
}

// A node that is lost sends nothing more, and kubectl may wait for it for ever.
func TestNodeThatIsLost(t *testing.T) { //nolint:paralleltest // it shortens the wait of all
	was := stall
	stall = 300 * time.Millisecond
	defer func() { stall = was }()
	b := newBox(t)
	b.in.Kubectl = kubectl.With(func(ctx context.Context, in io.Reader, out io.Writer, args []string) (string, error) {
		if slices.Contains(args, "exec") && slices.Contains(args, "out") {
			<-ctx.Done()
			return "", ctx.Err()
		}
		return b.f.kubectl(ctx, in, out, args)
	}, "openalgo-alpha")
	_, err := b.backup(t.Context())
	if finding.IDOf(err) != "backup-failed" && finding.IDOf(err) != "cluster-pod-silent" || !strings.Contains(err.Error(), "Its node may be lost") || b.file() != "" {
		t.Errorf("%s %v", finding.IDOf(err), err)
	}
	b.wantRunning("after a node was lost")
	if !slices.Equal(b.f.Pods, []string{kube.Pod}) {
		t.Errorf("%v", b.f.Pods)
	}
}

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/kubectl"
	"github.com/marketcalls/openalgo-install/internal/market"
)

// markName is the annotation on the StatefulSet by which a run says that it has stopped
// OpenAlgo. It comes and goes with the number of pods in one change: there is never a
// stopped OpenAlgo without its reason.
const markName = "openalgo-install/run"

// mostTime is how long a run may have OpenAlgo stopped. The helper pod ends by then.
const mostTime = 2 * time.Hour

// mark is what a run leaves there for the one that finds it interrupted.
type mark struct {
	Command  string    `json:"command"`
	Replicas int       `json:"replicas"` // before
	Began    time.Time `json:"began"`
	Host     string    `json:"host"`
	PID      int       `json:"pid"`
	ID       string    `json:"id"`
}

func newMark(command string, replicas int, now time.Time) *mark {
	name, _ := os.Hostname()
	// Whatever was asked for before: two would place the same orders.
	return &mark{Command: command, Replicas: min(replicas, 1), Began: now.UTC().Truncate(time.Second), Host: name, PID: os.Getpid(),
		ID: fmt.Sprintf("%s-%d-%x", name, os.Getpid(), now.UnixNano())}
}

// markOf reads the mark; nil where there is none. One that cannot be read is of a run
// that is over: what it was about is not known.
func markOf(m meta) *mark {
	text, ok := m.Annotations[markName]
	if !ok {
		return nil
	}
	var out mark
	if err := json.Unmarshal([]byte(text), &out); err != nil || out.Replicas < 0 || out.Replicas > 1 {
		return &mark{Command: "a run", Replicas: 1}
	}
	return &out
}

// isLive reports whether the run of a mark may still go on.
func (m *mark) isLive(now time.Time) bool {
	name, _ := os.Hostname()
	if m.Host == name {
		return m.PID != os.Getpid() && host.ProcessRuns(strconv.Itoa(m.PID))
	}
	return now.Sub(m.Began) < mostTime
}

// patchSet changes the StatefulSet. version is the one that must still be there; "" is any.
func patchSet(ctx context.Context, in *Instance, m *mark, replicas int, version string) error {
	meta := map[string]any{"annotations": map[string]any{markName: nil}}
	if m != nil {
		text, err := json.Marshal(m)
		if err != nil {
			return err
		}
		meta["annotations"] = map[string]any{markName: string(text)}
	}
	if version != "" {
		meta["resourceVersion"] = version
	}
	doc, err := json.Marshal(map[string]any{"metadata": meta, "spec": map[string]any{"replicas": replicas}})
	if err != nil {
		return err
	}
	_, err = in.Kubectl.Run(ctx, nil, "patch", "statefulset", kube.StatefulSet, "--type", "merge", "--field-manager", kube.ManagedBy, "--patch", string(doc))
	if errors.Is(err, kubectl.ErrConflict) {
		return finding.Named(finding.Failed, "cluster-busy", "another user or program changed OpenAlgo in the cluster at the same time").Ending(finding.Unchanged)
	}
	return err
}

// free refuses while another run has OpenAlgo stopped, and recovers one that was
// interrupted.
func (in *Instance) free(ctx context.Context, w *world, now time.Time) (*world, error) {
	if w.mark == nil {
		return w, nil
	}
	if w.mark.isLive(now) {
		return nil, in.busy(w.mark)
	}
	if _, err := bringBack(ctx, in, w); err != nil {
		return nil, err
	}
	return in.look(ctx)
}

func (in *Instance) busy(m *mark) error {
	return finding.Named(finding.HostNotReady, "cluster-busy", "openalgo-install on %s began %s at %s and has OpenAlgo stopped for it", m.Host, m.Command, market.Text(m.Began)).
		With(in.run("If that run is over", "recover")).Ending(finding.Unchanged)
}

// Recover ends what an interrupted run left: its helper pod, and an instance that is
// stopped. The user says that the run is over.
func (in *Instance) Recover(ctx context.Context) (message string, err error) {
	w, err := in.look(ctx)
	if err != nil {
		return "", err
	}
	if w.mark == nil {
		return "nothing to do: no run was interrupted", nil
	}
	if name, _ := os.Hostname(); w.mark.Host == name && w.mark.isLive(time.Now()) {
		return "", in.busy(w.mark)
	}
	return bringBack(ctx, in, w)
}

// bringBack starts OpenAlgo again. After a restore whose data did not come as a whole it
// stays stopped: it would begin with an empty database.
func bringBack(ctx context.Context, in *Instance, w *world) (message string, err error) {
	m, replicas := w.mark, w.mark.Replicas
	message = "OpenAlgo is started again. It was stopped by " + m.Command + " that was interrupted"
	if m.Command == restoring {
		var whole bool
		if whole, err = isFilled(ctx, in, w); err != nil {
			return "", err
		}
		if replicas, message = 1, "the restore that was interrupted is complete, and OpenAlgo is started"; !whole {
			replicas, message = 0, "the restore that was interrupted had copied no data. OpenAlgo stays stopped until you restore again"
		}
	}
	if err := removeHelperOf(ctx, in, m); err != nil {
		return "", err
	}
	if _, err := startAgain(ctx, in, m, replicas); err != nil {
		return "", finding.Named(finding.Broken, "not-ready", "OpenAlgo was stopped by %s that was interrupted, and cannot be started again: %w", m.Command, err).
			With(in.see("Start OpenAlgo", "scale", "statefulset/"+kube.StatefulSet, "--replicas=1"))
	}
	return message, nil
}

// isFilled reports whether the data of a restore is in its place. It comes there as a
// whole, or not at all.
func isFilled(ctx context.Context, in *Instance, w *world) (bool, error) {
	if err := startHelper(ctx, in, w); err != nil {
		return false, err
	}
	seen, err := lookAtVolume(ctx, in, helper, kube.Data)
	return seen.Held != "", err
}

// What a mark calls a command.
const (
	backingUp = "a backup"
	restoring = "a restore"
)

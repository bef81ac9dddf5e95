package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/kubectl"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/wait"
	"github.com/marketcalls/openalgo-install/templates"
)

// helper is the pod that reads and fills the data while OpenAlgo is stopped.
const helper = "openalgo-copy"

const (
	// helperTime is how long it may take until the helper pod runs: its node may have
	// to pull OpenAlgo's image.
	helperTime = 15 * time.Minute
	poll       = time.Second
	// goneTime is how long a pod may take to end beyond its own time for that.
	goneTime = 2 * time.Minute
)

// helperPod is OpenAlgo's own pod with its data alone, doing nothing until it is asked.
func helperPod(in *Instance, w *world) ([]byte, error) {
	t, c := w.set.Spec.Template.Spec, w.set.container()
	put := func(to map[string]any, name string, value json.RawMessage) {
		if len(value) > 0 {
			to[name] = value
		}
	}
	box := map[string]any{
		"name": kube.Container, "image": c.Image,
		"command":      []string{openalgo.Python, "-c", string(templates.Volume()), "hold", strconv.Itoa(int(mostTime.Seconds()))},
		"volumeMounts": []any{map[string]any{"name": "data", "mountPath": kube.Data}, map[string]any{"name": "tmp", "mountPath": "/tmp"}},
		"workingDir":   "/",
	}
	if c.Policy != "" {
		box["imagePullPolicy"] = c.Policy
	}
	put(box, "securityContext", c.Security)
	put(box, "resources", c.Needs)
	spec := map[string]any{
		"restartPolicy": "Never", "automountServiceAccountToken": false, "enableServiceLinks": false,
		"terminationGracePeriodSeconds": 2, "activeDeadlineSeconds": int(mostTime.Seconds()),
		"containers": []any{box},
		"volumes": []any{map[string]any{"name": "data", "persistentVolumeClaim": map[string]any{"claimName": w.claimName()}},
			map[string]any{"name": "tmp", "emptyDir": map[string]any{}}},
	}
	put(spec, "securityContext", t.Security)
	put(spec, "nodeSelector", t.Nodes)
	put(spec, "affinity", t.Affinity)
	put(spec, "tolerations", t.Tolerates)
	put(spec, "imagePullSecrets", t.Pull)
	// Not OpenAlgo's labels: its Service must not find this pod.
	labels := map[string]string{kube.LabelName: helper, kube.LabelInstance: kube.Instance(in.Name), kube.LabelManagedBy: kube.ManagedBy}
	return json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": helper, "labels": labels, "annotations": map[string]string{"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}}, "spec": spec})
}

// startHelper creates the helper pod and waits until it runs.
func startHelper(ctx context.Context, in *Instance, w *world) error {
	doc, err := helperPod(in, w)
	if err != nil {
		return err
	}
	if err := removeHelper(ctx, in); err != nil {
		return err
	}
	if _, err := in.Kubectl.Run(ctx, doc, "create", "--filename", "-"); err != nil {
		return err
	}
	var p pod
	over := wait.Until(ctx, helperTime, poll, func(ctx context.Context) (bool, error) {
		p = pod{}
		if err := in.Kubectl.Get(ctx, &p, "pod", helper); err != nil {
			return false, err
		}
		if p.Status.Phase == "Failed" || p.Status.Phase == "Succeeded" {
			return false, fmt.Errorf("pod %s ended at once: %s", helper, p.reason())
		}
		return p.runs(), nil
	})
	if wait.IsOver(over) && ctx.Err() == nil {
		return fmt.Errorf("pod %s does not start: %s", helper, p.reason())
	}
	return over
}

func removeHelper(ctx context.Context, in *Instance) error {
	_, err := in.Kubectl.Within(ctx, goneTime+grace, nil, "delete", "pod", helper, "--ignore-not-found", "--wait", "--timeout="+goneTime.String())
	return err
}

// isMine reports whether no other run has OpenAlgo stopped: its pod, its copy and its
// stop are not to be touched. version is that of the StatefulSet that was looked at.
func isMine(ctx context.Context, in *Instance, m *mark) (mine bool, version string, err error) {
	var now statefulSet
	if err := in.Kubectl.Get(ctx, &now, "statefulset", kube.StatefulSet); err != nil {
		return false, "", err
	}
	other := markOf(now.Meta)
	return other == nil || other.ID == m.ID, now.Meta.ResourceVersion, nil
}

// removeHelperOf removes the helper pod of a run, and leaves that of another one.
func removeHelperOf(ctx context.Context, in *Instance, m *mark) error {
	if mine, _, err := isMine(ctx, in, m); err == nil && !mine {
		return nil
	}
	return removeHelper(ctx, in)
}

// grace is the time that a call may take beyond its own time.
const grace = 15 * time.Second

// inPod runs a part of the script on the data in a pod.
func inPod(ctx context.Context, in *Instance, pod string, stdin io.Reader, stdout io.Writer, args ...string) error {
	command := []string{"exec", pod, "--container", kube.Container}
	if stdin != nil {
		command = append(command, "--stdin")
	}
	command = append(command, "--", openalgo.Python, "-c", string(templates.Volume()))
	moving := &movement{}
	if stdin != nil {
		stdin = io.TeeReader(stdin, moving)
	}
	if _, isAnswer := stdout.(*kubectl.Answer); !isAnswer {
		stdout = io.MultiWriter(stdout, moving)
	}
	alive, end := context.WithCancelCause(ctx)
	defer end(nil)
	moving.timer = time.AfterFunc(stall, func() {
		end(finding.Named(finding.Failed, "cluster-pod-silent", "pod %s sent and took nothing for %s. Its node may be lost", pod, stall))
	})
	defer moving.timer.Stop()
	err := in.Kubectl.Pipe(alive, stdin, stdout, append(command, args...)...)
	if ctx.Err() == nil && alive.Err() != nil {
		return context.Cause(alive)
	}
	return err
}

// stall is how long a pod may send and take nothing: SQLite checks large databases
// without a word. kubectl itself does not see each loss of a node.
var stall = 20 * time.Minute

// movement puts off the end of a stream as long as something moves.
type movement struct{ timer *time.Timer }

func (m *movement) Write(p []byte) (int, error) {
	m.timer.Reset(stall)
	return len(p), nil
}

// stopFor has OpenAlgo stopped and waits until no pod of it is left: two must never write
// the same data.
func stopFor(ctx context.Context, in *Instance, w *world, m *mark) error {
	if err := patchSet(ctx, in, m, 0, w.set.Meta.ResourceVersion); err != nil {
		return err
	}
	limit := time.Duration(max(w.set.Spec.Template.Spec.Grace, 30))*time.Second + goneTime
	over := wait.Until(ctx, limit, poll, func(ctx context.Context) (bool, error) {
		pods, err := in.podsNow(ctx)
		return len(pods) == 0, err
	})
	if wait.IsOver(over) && ctx.Err() == nil {
		return finding.Named(finding.Failed, "cluster-not-stopped", "OpenAlgo's pod does not end. If its node is lost, it may still trade there").
			With(in.see("Look at the pod", "describe", "pod", kube.Pod))
	}
	return over
}

// checkAlone refuses a copy that was made while another program had OpenAlgo started.
func checkAlone(ctx context.Context, in *Instance, m *mark) error {
	var now statefulSet
	if err := in.Kubectl.Get(ctx, &now, "statefulset", kube.StatefulSet); err != nil {
		return err
	}
	pods, err := in.podsNow(ctx)
	if err != nil {
		return err
	}
	if mine := markOf(now.Meta); len(pods) > 0 || now.replicas() != 0 || mine == nil || mine.ID != m.ID {
		return finding.Named(finding.Failed, "cluster-not-alone", "another program started OpenAlgo while its data was copied, so the copy is not whole. "+
			"Tools such as Argo CD and Flux do that: let them ignore spec.replicas of statefulset/%s", kube.StatefulSet)
	}
	return nil
}

// startAgain has OpenAlgo started again after a run, and forgets its mark. It reports
// whether it did: while another run has OpenAlgo stopped, that one does.
func startAgain(ctx context.Context, in *Instance, m *mark, replicas int) (mine bool, err error) {
	err = wait.Until(ctx, goneTime, poll*2, func(ctx context.Context) (bool, error) {
		var version string
		var err error
		if mine, version, err = isMine(ctx, in, m); err == nil && !mine {
			return true, nil
		}
		if err == nil {
			err = patchSet(ctx, in, nil, replicas, version)
		}
		if id := finding.IDOf(err); id == "cluster-unreachable" || id == "cluster-busy" { // it may be another in a moment
			return false, nil
		}
		return err == nil, err
	})
	return mine && err == nil, err
}

// mostStart is how long a start may take: migrations run for minutes.
const mostStart = 20 * time.Minute

// awaitReady waits until OpenAlgo's pod is ready.
func awaitReady(ctx context.Context, in *Instance) error {
	limit := in.Wait
	if limit <= 0 {
		limit = mostStart
	}
	why := ""
	over := wait.Until(ctx, limit, 2*poll, func(ctx context.Context) (bool, error) {
		pods, err := in.podsNow(ctx)
		if err != nil && !errors.Is(err, kubectl.ErrNotFound) && finding.IDOf(err) != "cluster-unreachable" {
			return false, err
		}
		for _, p := range pods {
			if p.is("Ready") && p.Meta.Deleted == nil {
				return true, nil
			}
			why = p.reason()
		}
		return false, nil
	})
	if wait.IsOver(over) && ctx.Err() == nil {
		return finding.Named(finding.Failed, "not-ready", "OpenAlgo is not ready after %s: %s", limit, why).
			With(in.run("Find the problem", "doctor"), in.run("Read its log", "logs"))
	}
	return over
}

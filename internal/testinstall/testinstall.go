// Package testinstall tries a machine out: it does a whole install with the test
// app, in a directory and project of its own, and removes all of it again.
package testinstall

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// suffix is what a test install's directory has behind the instance's.
const suffix = "-rehearsal"

// edgeSuffix is what its edge has behind that, when it needs one of its own.
const edgeSuffix = "-edge"

// removalTime bounds the removal, which a run that was cancelled does, too.
const removalTime = 2 * time.Minute

// Run does the whole install with the test app beside the instance of a session,
// reports what the app saw, and removes everything again.
func Run(ctx context.Context, in *ops.Session, a answers.Answers) (event.Result, json.RawMessage, error) {
	// A name of its own each time: what is removed again is only what was made here.
	stage := in.Beside(instance.Dir(string(in.Dir()) + suffix + "-" + strings.ToLower(rand.Text()[:8])))
	removeInterrupted(ctx, in)
	var proof proof
	if err := proof.image(ctx, in, a.Image); err != nil {
		return event.Result{}, nil, err
	}
	a.Image = answers.Image{Source: "rehearsal"}
	if err := freePorts(ctx, in, &a); err != nil {
		return event.Result{}, nil, err
	}
	if err := trialEdge(ctx, stage, in, &a); err != nil {
		return event.Result{}, nil, err
	}
	stage.Report = withoutWhatGoes(stage)
	i := plan.AsAnswered(a, 0)
	i.Rehearsal = true
	_, err := stage.Do(ctx, ops.Command{Name: i.Command, Wish: func(*world.Observation) (plan.Intent, error) { return i, nil }})
	var report json.RawMessage
	if err == nil {
		report = reportOf(ctx, stage)
	}
	ownEdge := a.TLS.Edge.Dir
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), removalTime)
	defer cancel()
	gone := takeAway(cleanup, stage)
	if strings.HasPrefix(ownEdge, string(stage.Dir())) {
		gone = errors.Join(gone, purgeEdge(cleanup, stage, ownEdge))
	}
	if gone != nil && err == nil {
		err = finding.Named(finding.Broken, "test-not-removed", "the test install worked, but could not be removed: %w", gone)
	}
	if err != nil {
		return event.Result{}, report, takeBack(err, stage)
	}
	proof.network(ctx, in, a)
	return event.Result{Message: proof.tell(in)}, report, nil
}

// trialEdge makes the answers' HTTPS one that can be removed again: from
// an authority that gives certificates for trials, and on an edge of its own
// unless there is one. A domain that the instance serves is left alone.
func trialEdge(ctx context.Context, stage *ops.Session, in *ops.Session, a *answers.Answers) error {
	if a.TLS.Mode == "off" {
		return nil
	}
	if s, err := in.Dir().LoadState(); err == nil && s.Edge.Domain == a.Domain {
		in.Note("this instance already serves " + a.Domain + ". The test install does not change that and leaves out HTTPS")
		a.TLS = answers.TLS{Mode: "off"}
		return nil
	}
	if a.TLS.Mode == "nginx" {
		if a.TLS.Certbot {
			a.TLS.CA = cmp.Or(a.TLS.CA, preflight.LetsEncryptStaging)
		}
		return nil
	}
	if a.TLS.Mode == "auto" {
		a.TLS.CA, a.TLS.CATrial = cmp.Or(a.TLS.CATrial, a.TLS.CA, preflight.LetsEncryptStaging), ""
	}
	c, err := edge.OpenCaddy(ctx, in.Engine, edge.Settings{Dir: a.TLS.Edge.Dir})
	if err != nil {
		return finding.Named(finding.HostNotReady, "proxy-unusable", "%w", err)
	}
	if !c.Exists() {
		a.TLS.Edge.Dir = string(stage.Dir()) + edgeSuffix
	}
	return nil
}

func purgeEdge(ctx context.Context, in *ops.Session, dir string) error {
	c, err := edge.OpenCaddy(ctx, in.Engine, edge.Settings{Dir: dir})
	if err != nil {
		return err
	}
	return c.Purge(ctx)
}

// removeInterrupted removes what an interrupted test install left: a
// directory with our lock, which nobody holds, and answers that say rehearsal.
func removeInterrupted(ctx context.Context, in *ops.Session) {
	left, _ := filepath.Glob(string(in.Dir()) + suffix + "-????????")
	for _, dir := range left {
		stage := in.Beside(instance.Dir(dir))
		if _, err := os.Stat(stage.Dir().Work("lock")); err != nil {
			continue
		}
		held, _, err := stage.Dir().TryLock()
		if err != nil || held == nil {
			continue
		}
		o, err := stage.Look(ctx)
		held.Release()
		if err != nil || !onlyRehearsal(o) {
			continue
		}
		err = takeAway(ctx, stage)
		if _, there := os.Stat(dir + edgeSuffix); err == nil && there == nil {
			err = purgeEdge(ctx, stage, dir+edgeSuffix)
		}
		if err == nil {
			in.Note("removed an interrupted test install: " + dir)
		}
	}
}

// onlyRehearsal reports whether nothing but the test app ever ran here.
func onlyRehearsal(o *world.Observation) bool {
	for _, c := range o.Containers {
		if !spec.IsTest(c.Image) {
			return false
		}
	}
	return bytes.Contains(o.AnswersText, []byte("rehearsal")) ||
		o.AnswersText == nil && (o.Env == nil || len(o.Containers) > 0)
}

// freePorts moves the test install to free ports where the real stack runs on
// those of the answers.
func freePorts(ctx context.Context, in *ops.Session, a *answers.Answers) error {
	o, err := in.Look(ctx)
	if err != nil || o.Container() == nil || o.Container().State != "running" {
		return nil //nolint:nilerr // the install itself will say what is wrong
	}
	for _, port := range []*int{&a.Ports.Web, &a.Ports.WebSocket} {
		if *port, err = host.FreePort(); err != nil {
			return finding.Named(finding.HostNotReady, "port-taken", "find a free port: %w", err)
		}
	}
	in.Note(fmt.Sprintf("OpenAlgo runs on this machine already, so the test install uses ports %d and %d", a.Ports.Web, a.Ports.WebSocket))
	return nil
}

// takeAway removes a test install with everything it made, its image too.
func takeAway(ctx context.Context, in *ops.Session) error {
	quiet := *in
	quiet.Confirm = nil
	if _, err := quiet.Do(ctx, ops.Uninstall(ops.RemovalOptions{Purge: true})); err != nil {
		return err
	}
	// Still used by an instance with `source: rehearsal`: then it stays.
	image.RemoveTest(ctx, in.Engine, image.TestRef())
	return nil
}

func reportOf(ctx context.Context, in *ops.Session) json.RawMessage {
	if !in.Engine.Info().Local {
		return nil
	}
	c, err := in.Engine.Container(ctx, compose.ContainerName(compose.ProjectName(string(in.Dir()))))
	if err != nil {
		return nil
	}
	_, body, err := ready.Get(ctx, "http://"+ready.Address(c.Published(openalgo.WebPort))+"/rehearsal/report")
	if err != nil || !json.Valid(body) {
		return nil
	}
	return body
}

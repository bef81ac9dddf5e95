// Package rehearsal is the test app, which the program carries in place of
// OpenAlgo: what it serves, how it fails, and the image made of it. It keeps
// OpenAlgo's contract with the outside (docs/openalgo-facts.md 1.2, 1.3 and 3)
// and nothing of its inside.
package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// Command is the hidden command that the image runs.
const Command = "rehearsal-serve"

// versionVariable carries the version that /auth/app-info gives, from the
// image to the process.
const versionVariable = "OPENALGO_REHEARSAL_VERSION"

// ServeOptions says where the test app finds its files and where it listens.
// The zero value is right inside the image.
type ServeOptions struct {
	EnvFile       string        // default Root/.env
	Root          string        // default /app
	HTTPAddr      string        // default 0.0.0.0:5000
	WebSocketAddr string        // default WEBSOCKET_HOST:WEBSOCKET_PORT of .env
	Version       string        // default $OPENALGO_REHEARSAL_VERSION, else "rehearsal"
	Out           io.Writer     // default os.Stdout; written by one goroutine at a time
	RepeatEvery   time.Duration // how often a rejected .env is reported again; default 3 s
}

// ExitError asks for a process exit code, as the app's process would give it.
// What went wrong is in the log already.
type ExitError struct {
	Code   int
	Reason string
}

func (e *ExitError) Error() string { return e.Reason }

// Serve is the container's process. It checks .env by the app's rules, serves
// until ctx ends or SIGTERM or SIGINT arrives, and returns nil then. What goes
// wrong at the start goes wrong in the app's three ways (docs/openalgo-facts.md
// 1.2): no .env gives an ExitError with code 1; a broken rule keeps the
// process up, repeating the reason and listening nowhere; a short key gives
// code 3.
//
// Tests ask for faults with two keys in .env: OPENALGO_REHEARSAL_FAIL (see
// fault) and OPENALGO_REHEARSAL_STOP, the time to take after SIGTERM, as "2s".
func Serve(ctx context.Context, o ServeOptions) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	a := &app{ServeOptions: o.withDefaults()}
	a.say("Starting up: test app %s", a.Version)
	if r := (starting{a}).prepare(); r != nil {
		return a.refuse(ctx, r)
	}
	return a.run(ctx)
}

func (o ServeOptions) withDefaults() ServeOptions {
	if o.Root == "" {
		o.Root = openalgo.Dir
	}
	if o.EnvFile == "" {
		o.EnvFile = filepath.Join(o.Root, ".env")
	}
	if o.HTTPAddr == "" {
		o.HTTPAddr = "0.0.0.0:" + strconv.Itoa(openalgo.WebPort)
	}
	if o.Version == "" {
		o.Version = os.Getenv(versionVariable)
	}
	if o.Version == "" {
		o.Version = "rehearsal"
	}
	if o.Out == nil {
		o.Out = os.Stdout
	}
	if o.RepeatEvery == 0 {
		o.RepeatEvery = 3 * time.Second
	}
	return o
}

// app is one running test app.
type app struct {
	ServeOptions
	env   *envfile.File
	fault fault
	stop  time.Duration
	db    *database
}

// say writes one line to the log, in the form of the app's start script.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.Out, "[OpenAlgo] "+format+"\n", args...)
}

// setting reads a key as the app does: .env wins over the environment.
func (a *app) setting(key string) string {
	if v, ok := a.env.Get(key); ok {
		return v
	}
	return os.Getenv(key)
}

// refuse ends a start that cannot succeed, or keeps it alive without a
// listener, as the app's web server does when its worker fails.
func (a *app) refuse(ctx context.Context, r *refusal) error {
	ticker := time.NewTicker(a.RepeatEvery)
	defer ticker.Stop()
	for {
		for _, line := range r.lines {
			fmt.Fprintln(a.Out, line)
		}
		if r.code != 0 {
			return &ExitError{Code: r.code, Reason: r.lines[0]}
		}
		select {
		case <-ctx.Done():
			a.say("Shutting down")
			return nil
		case <-ticker.C:
		}
	}
}

// run serves HTTP and WebSocket until ctx ends.
func (a *app) run(ctx context.Context) error {
	if a.fault.kind == failMigrate && a.migrate(ctx) != nil {
		a.say("Shutting down")
		return nil
	}
	web, err := net.Listen("tcp", a.HTTPAddr)
	if err != nil {
		return a.cannotListen(err)
	}
	servers := []*http.Server{a.server(ctx, serving{a}.webHandler(time.Now()))}
	listeners := []net.Listener{web}
	if a.fault.kind != failNoWebSocket {
		ws, err := net.Listen("tcp", a.WebSocketAddr)
		if err != nil {
			web.Close()
			return a.cannotListen(err)
		}
		servers = append(servers, a.server(ctx, serving{a}.webSocketHandler()))
		listeners = append(listeners, ws)
		a.say("WebSocket listens on %s", ws.Addr())
	}
	a.say("Web listens on %s", web.Addr())

	failed := make(chan error, len(servers))
	for i, s := range servers {
		defer s.Close()
		go func() { failed <- s.Serve(listeners[i]) }()
	}
	var exit <-chan time.Time
	if a.fault.kind == failLateExit {
		exit = time.After(a.fault.delay)
	}
	select {
	case <-ctx.Done():
		return a.shutDown(servers)
	case <-exit:
		return a.refuse(ctx, asked(a.fault))
	case err := <-failed:
		return a.cannotListen(err)
	}
}

func (a *app) cannotListen(err error) error {
	return a.refuse(context.Background(), &refusal{code: 1, lines: []string{SignatureError + err.Error()}})
}

func (a *app) server(ctx context.Context, h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		// A request that waits, and a WebSocket, end when the process does.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
}

func (a *app) shutDown(servers []*http.Server) error {
	a.say("Shutting down")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
	if a.stop > 0 {
		<-time.After(a.stop)
	}
	return nil
}

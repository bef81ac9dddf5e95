package world

import (
	"context"
	"fmt"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// Dirs lists the directory of every OpenAlgo that runs on an engine.
func Dirs(ctx context.Context, e helper.Docker) ([]string, error) {
	all, err := e.Containers(ctx)
	if err != nil {
		return nil, fmt.Errorf("look at the containers: %w", err)
	}
	var out []string
	for _, c := range all {
		if dir := stacks.DirOf(c); stacks.IsOpenAlgo(c) && stacks.IsUp(c) && dir != "" && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out, nil
}

// Running counts the OpenAlgo stacks that run on an engine: they share it.
func Running(ctx context.Context, e helper.Docker) (int, error) {
	all, err := e.Containers(ctx)
	if err != nil {
		return 0, fmt.Errorf("look at the containers: %w", err)
	}
	n := 0
	for _, c := range all {
		if stacks.IsOpenAlgo(c) && c.State == "running" {
			n++
		}
	}
	return n, nil
}

// URLOf returns where an instance is reached: as its .env says, else by its port.
func URLOf(env *envfile.File, c engine.Container) string {
	if url, ok := env.Get("HOST_SERVER"); ok && url != "" {
		return url
	}
	if web := ready.Address(c.Published(openalgo.WebPort)); web != "" {
		return "http://" + web
	}
	return ""
}

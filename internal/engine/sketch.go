package engine

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/marketcalls/openalgo-install/internal/order"
)

// Sketches are all containers as Docker lists them, in one answer. What only a look at
// each one tells is missing: when it started, how it ended, what it may use.
func (e containers) Sketches(ctx context.Context) ([]Container, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	list, err := e.api.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		return nil, e.explain(ctx, "list containers", err)
	}
	var out []Container
	for _, s := range list {
		out = append(out, fromSummary(s))
	}
	order.By(out, func(a, b Container) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

func fromSummary(s container.Summary) Container {
	c := Container{ID: s.ID, Image: s.Image, ImageID: s.ImageID, Labels: s.Labels, State: string(s.State), Created: time.Unix(s.Created, 0).UTC()}
	for _, name := range s.Names {
		if name = strings.TrimPrefix(name, "/"); !strings.Contains(name, "/") { // else it is a link
			c.Name = name
		}
	}
	for _, m := range s.Mounts {
		c.Mounts = append(c.Mounts, Mount{Type: string(m.Type), Name: m.Name, Source: m.Source, Target: m.Destination, ReadOnly: !m.RW, Propagation: string(m.Propagation)})
	}
	for _, p := range s.Ports {
		if p.PublicPort != 0 {
			c.Ports = append(c.Ports, PortBinding{HostIP: p.IP, HostPort: int(p.PublicPort), ContainerPort: int(p.PrivatePort), Protocol: p.Type})
		}
	}
	return c
}

package engine

import (
	"context"
	"errors"
	"net/netip"

	"golang.org/x/sync/errgroup"
)

// Overview is all that a Docker has, but for images.
type Overview struct {
	Containers []Container
	Volumes    []Volume
	Networks   []string // names
	// Subnets are the IPv4 ranges that each network has.
	Subnets map[string][]netip.Prefix
}

// Overview looks at everything at once.
func (e overviews) Overview(ctx context.Context) (Overview, error) {
	if look := oneLookOf(ctx); look != nil {
		return look.view(func() (Overview, error) { return e.overview(ctx) })
	}
	return e.overview(ctx)
}

func (e overviews) overview(ctx context.Context) (o Overview, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		o.Containers, err = containers(e).Containers(ctx)
		return err
	})
	g.Go(func() (err error) {
		o.Volumes, err = volumes(e).Volumes(ctx)
		return err
	})
	g.Go(func() (err error) {
		o.Networks, o.Subnets, err = networks(e).names(ctx)
		return err
	})
	return o, g.Wait()
}

// atOnce is how many questions are put to Docker at a time.
const atOnce = 8

// lookAtEach looks at several things at once. What was removed in between is left
// out.
func lookAtEach[T any](ctx context.Context, ids []string, look func(ctx context.Context, id string) (T, error)) ([]T, error) {
	seen, there := make([]T, len(ids)), make([]bool, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for n, id := range ids {
		g.Go(func() error {
			one, err := look(ctx, id)
			if errors.Is(err, ErrNotFound) {
				return nil
			}
			seen[n], there[n] = one, err == nil
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := make([]T, 0, len(ids))
	for n := range seen {
		if there[n] {
			out = append(out, seen[n])
		}
	}
	return out, nil
}

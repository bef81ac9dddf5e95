package engine

import (
	"context"
	"slices"
	"sync"
)

// oneLook is what several looks of one moment share.
type oneLook struct {
	listing, whole sync.Mutex
	containers     []Container // nil: not looked at
	overview       *Overview
}

type oneLookKey struct{}

// WithOneLook returns a context in which Docker's containers, volumes and networks are
// looked at once: who asks for all of them again, or for a container that was there,
// gets what was seen before. It is for many looks of one moment that change nothing. A
// context that is such a one already stays.
func WithOneLook(ctx context.Context) context.Context {
	if oneLookOf(ctx) != nil {
		return ctx
	}
	return context.WithValue(ctx, oneLookKey{}, &oneLook{})
}

func oneLookOf(ctx context.Context) *oneLook {
	look, _ := ctx.Value(oneLookKey{}).(*oneLook)
	return look
}

// all returns all containers, and has them listed the first time.
func (o *oneLook) all(list func() ([]Container, error)) ([]Container, error) {
	o.listing.Lock()
	defer o.listing.Unlock()
	if o.containers == nil {
		seen, err := list()
		if err != nil {
			return nil, err
		}
		o.containers = append([]Container{}, seen...)
	}
	return slices.Clone(o.containers), nil
}

// container returns one that was listed.
func (o *oneLook) container(nameOrID string) (Container, bool) {
	o.listing.Lock()
	defer o.listing.Unlock()
	n := slices.IndexFunc(o.containers, func(c Container) bool { return c.ID == nameOrID || c.Name == nameOrID })
	if n < 0 {
		return Container{}, false
	}
	return o.containers[n], true
}

// view returns the overview, and has it made the first time.
func (o *oneLook) view(make func() (Overview, error)) (Overview, error) {
	o.whole.Lock()
	defer o.whole.Unlock()
	if o.overview == nil {
		seen, err := make()
		if err != nil {
			return Overview{}, err
		}
		o.overview = &seen
	}
	out := *o.overview
	out.Containers, out.Volumes, out.Networks = slices.Clone(out.Containers), slices.Clone(out.Volumes), slices.Clone(out.Networks)
	return out, nil
}

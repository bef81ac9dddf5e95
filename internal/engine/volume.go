package engine

import (
	"cmp"
	"context"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/volume"

	"github.com/marketcalls/openalgo-install/internal/order"
)

// Volume looks at one volume; ErrNotFound when there is none.
func (e volumes) Volume(ctx context.Context, name string) (Volume, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	v, err := e.api.VolumeInspect(ctx, name)
	if err != nil {
		return Volume{}, e.explain(ctx, "look at volume "+name, err)
	}
	return fromVolume(v), nil
}

// Volumes looks at all volumes that carry every label, sorted by name.
func (e volumes) Volumes(ctx context.Context, labels ...string) ([]Volume, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	list, err := e.api.VolumeList(ctx, volume.ListOptions{Filters: labelFilter(labels)})
	if err != nil {
		return nil, e.explain(ctx, "list volumes", err)
	}
	out := make([]Volume, 0, len(list.Volumes))
	for _, v := range list.Volumes {
		out = append(out, fromVolume(*v))
	}
	order.By(out, func(a, b Volume) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// CreateVolume creates a volume. The engine hands back one that exists
// already, labels and all unchanged: who must know looks with Volume first.
func (e volumes) CreateVolume(ctx context.Context, s VolumeSpec) (Volume, error) {
	ctx, cancel := e.change(ctx)
	defer cancel()
	v, err := e.api.VolumeCreate(ctx, volume.CreateOptions{
		Name: s.Name, Driver: s.Driver, DriverOpts: s.DriverOpts, Labels: s.Labels,
	})
	if err != nil {
		return Volume{}, e.explain(ctx, "create volume "+s.Name, err)
	}
	return fromVolume(v), nil
}

// RemoveVolume removes a volume and the data in it; one that is not there is
// fine. ErrConflict when a container, running or not, uses it.
func (e volumes) RemoveVolume(ctx context.Context, name string) error {
	ctx, cancel := e.change(ctx)
	defer cancel()
	err := e.api.VolumeRemove(ctx, name, false)
	if errdefs.IsNotFound(err) {
		return nil
	}
	return e.explain(ctx, "remove volume "+name, err)
}

// VolumeBytes tells what each volume holds, in bytes, by name. Volumes whose
// driver cannot tell are left out. It walks the data: seconds on a large one.
func (e volumes) VolumeBytes(ctx context.Context) (map[string]int64, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	usage, err := e.api.DiskUsage(ctx, types.DiskUsageOptions{Types: []types.DiskUsageObject{types.VolumeObject}})
	if err != nil {
		return nil, e.explain(ctx, "measure the volumes", err)
	}
	sizes := map[string]int64{}
	for _, v := range usage.Volumes {
		if v.UsageData != nil && v.UsageData.Size >= 0 {
			sizes[v.Name] = v.UsageData.Size
		}
	}
	return sizes, nil
}

func fromVolume(v volume.Volume) Volume {
	return Volume{Name: v.Name, Driver: v.Driver, Mountpoint: v.Mountpoint, Labels: v.Labels, Created: parseTime(v.CreatedAt)}
}

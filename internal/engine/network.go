package engine

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"github.com/marketcalls/openalgo-install/internal/order"
)

// Network looks at the network of exactly that name. ErrNotFound when there is
// none, ErrConflict when there are two (engines before 25 let that happen).
func (e networks) Network(ctx context.Context, name string) (Network, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	doing := "look at network " + name
	// The API's own look-up by name would also match the start of an id.
	list, err := e.api.NetworkList(ctx, network.ListOptions{Filters: filters.NewArgs(filters.Arg("name", name))})
	if err != nil {
		return Network{}, e.explain(ctx, doing, err)
	}
	list = slices.DeleteFunc(list, func(n network.Summary) bool { return n.Name != name })
	switch len(list) {
	case 0:
		return Network{}, fail([]error{ErrNotFound}, "%s: there is no network with that name", doing)
	case 1:
		return e.networkByID(ctx, list[0].ID)
	}
	return Network{}, fail([]error{ErrConflict},
		"%s: there are %d networks with that name. Remove one by its id (docker network ls, docker network rm)", doing, len(list))
}

// Networks looks at all networks that carry every label, sorted by name.
func (e networks) Networks(ctx context.Context, labels ...string) ([]Network, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	list, err := e.api.NetworkList(ctx, network.ListOptions{Filters: labelFilter(labels)})
	if err != nil {
		return nil, e.explain(ctx, "list networks", err)
	}
	var ids []string
	for _, summary := range list {
		ids = append(ids, summary.ID)
	}
	out, err := lookAtEach(ctx, ids, e.networkByID)
	if err != nil {
		return nil, err
	}
	order.By(out, func(a, b Network) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// names are the names of all networks, and the IPv4 ranges of each.
func (e networks) names(ctx context.Context) (out []string, ranges map[string][]netip.Prefix, err error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	list, err := e.api.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return nil, nil, e.explain(ctx, "list networks", err)
	}
	ranges = map[string][]netip.Prefix{}
	for _, n := range list {
		out = append(out, n.Name)
		for _, c := range n.IPAM.Config {
			if prefix, err := netip.ParsePrefix(c.Subnet); err == nil && prefix.Addr().Is4() {
				ranges[n.Name] = append(ranges[n.Name], prefix.Masked())
			}
		}
	}
	slices.Sort(out)
	return out, ranges, nil
}

func (e networks) networkByID(ctx context.Context, id string) (Network, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	r, err := e.api.NetworkInspect(ctx, id, network.InspectOptions{})
	if err != nil {
		return Network{}, e.explain(ctx, "look at network "+short(id), err)
	}
	n := Network{ID: r.ID, Name: r.Name, Driver: r.Driver, Labels: r.Labels}
	for _, endpoint := range r.Containers {
		n.Containers = append(n.Containers, endpoint.Name)
	}
	slices.Sort(n.Containers)
	return n, nil
}

// CreateNetwork creates a network; ErrConflict when the name is taken.
func (e networks) CreateNetwork(ctx context.Context, s NetworkSpec) (Network, error) {
	ctx, cancel := e.change(ctx)
	defer cancel()
	options := network.CreateOptions{
		Driver: cmp.Or(s.Driver, network.NetworkBridge), Internal: s.Internal, Attachable: s.Attachable,
		Options: s.DriverOpts, Labels: s.Labels,
	}
	if s.EnableIPv6 {
		options.EnableIPv6 = &s.EnableIPv6
	}
	for _, c := range s.IPAM {
		if options.IPAM == nil {
			options.IPAM = &network.IPAM{Driver: "default"}
		}
		options.IPAM.Config = append(options.IPAM.Config,
			network.IPAMConfig{Subnet: c.Subnet, Gateway: c.Gateway, IPRange: c.IPRange})
	}
	created, err := e.api.NetworkCreate(ctx, s.Name, options)
	if err != nil {
		return Network{}, e.explain(ctx, "create network "+s.Name, err)
	}
	return e.networkByID(ctx, created.ID)
}

// RemoveNetwork removes a network by name or id; one that is not there is
// fine. ErrConflict when a container uses it.
func (e networks) RemoveNetwork(ctx context.Context, name string) error {
	ctx, cancel := e.change(ctx)
	defer cancel()
	err := e.api.NetworkRemove(ctx, name)
	if errdefs.IsNotFound(err) {
		return nil
	}
	return e.explain(ctx, "remove network "+name, err)
}

package answers

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// How large a swap file may be, in MiB.
const (
	leastSwap = 256
	mostSwap  = 64 << 10
)

// swap is the size of a swap file that is to be made where the machine has no swap.
func swap(to *int) value {
	save := func() any {
		if *to == 0 {
			return nil
		}
		return fmt.Sprintf("%dMiB", *to)
	}
	return value{parse: number, save: save, read: func(r *reader, key string, node *yaml.Node) {
		const want = "none or the size of a swap file, for example 2GB or 2048 (MiB)"
		if !r.scalar(key, node, want, "!!str", "!!int") || node.Value == "none" {
			return
		}
		n, err := sizing.ParseMemory(node.Value)
		if err != nil {
			r.mistyped(key, node, "%s is not %s", quote(node.Value), want)
			return
		}
		if n < leastSwap || n > mostSwap {
			r.mistyped(key, node, "%d MiB is no size for a swap file; 256MiB to 64GB, for example 2GB, or none", n)
			return
		}
		*to = n
	}}
}

package answers

import "fmt"

// How large a swap file may be, in MiB.
const (
	leastSwap = 256
	mostSwap  = 64 << 10
)

// swap is the size of a swap file that is to be made where the machine has no swap.
func swap(to *int) value {
	return amount(to, "none", "none, or the size of a swap file, for example 2GB or 2048 (MiB)", func(mib int) string {
		if mib < leastSwap || mib > mostSwap {
			return fmt.Sprintf("a swap file cannot have %d MiB. Use 256MiB to 64GB, for example 2GB, or none", mib)
		}
		return ""
	}).unless("none")
}

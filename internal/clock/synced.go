package clock

import "golang.org/x/sys/unix"

// unsynchronized is TIME_ERROR of adjtimex(2).
const unsynchronized = 5

// synced asks the kernel.
func synced() *bool {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return nil
	}
	yes := state != unsynchronized
	return &yes
}

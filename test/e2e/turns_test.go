package e2e_test

import (
	"strconv"
	"testing"
)

// inTurns tries each point, in three rows beside each other. In a row one instance meets
// its points in turn, since each leaves it whole; after a failure comes a new one.
func inTurns(t *testing.T, points []string, fresh func(t *testing.T) *instance, try func(i *instance, point string)) {
	t.Helper()
	const rows = 3
	for row := range min(rows, len(points)) {
		t.Run(strconv.Itoa(row+1), func(t *testing.T) {
			t.Parallel()
			var i *instance
			for n := row; n < len(points); n += rows {
				if i == nil {
					i = fresh(t)
				}
				if !t.Run(points[n], func(t *testing.T) { try(i.in(t), points[n]) }) {
					i = nil
				}
			}
		})
	}
}

// in is the same instance in a part of the test.
func (i *instance) in(t *testing.T) *instance {
	part := *i
	part.t = t
	return &part
}

package world

import (
	"reflect"

	"github.com/marketcalls/openalgo-install/internal/compose"
)

// Read is a Compose file that was read already: to read it takes 6 ms.
type Read struct {
	Source compose.Source
	Stack  *compose.Stack
}

// Load is compose.Load, but for what was read already; r may be nil.
func (r *Read) Load(src compose.Source) (*compose.Stack, error) {
	if r != nil && reflect.DeepEqual(src, r.Source) {
		return r.Stack, nil
	}
	return compose.Load(src)
}

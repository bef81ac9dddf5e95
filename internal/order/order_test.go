package order_test

import (
	"slices"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/order"
)

func TestByKeepsWhatIsEqual(t *testing.T) {
	type pair struct{ rank, at int }
	var list []pair
	for at := range 100 {
		list = append(list, pair{(at * 7) % 5, at})
	}
	want := slices.Clone(list)
	byRank := func(a, b pair) int { return a.rank - b.rank }
	slices.SortStableFunc(want, byRank)
	if order.By(list, byRank); !slices.Equal(list, want) {
		t.Errorf("got %v, want %v", list, want)
	}
}

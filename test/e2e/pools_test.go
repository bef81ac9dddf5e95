package e2e_test

import "testing"

// A Docker that has no addresses left refuses an install before anything is made.
// test/engines.sh 26.1-full is one.
func TestPoolsUsedUp(t *testing.T) {
	t.Parallel()
	pools := docker.Info().AddressPools
	if len(pools) != 1 || pools[0].Size != pools[0].Base.Bits() {
		t.Skip("this Docker has addresses left")
	}
	i := newInstance(t)
	out := i.install(3)
	out.mustTell(t, "address", "docker network prune", "default-address-pools", "Nothing was changed.")
	if len(i.containers()) != 0 || i.volumes() != 0 {
		t.Errorf("something was made: %v, %d volumes", i.containers(), i.volumes())
	}
}

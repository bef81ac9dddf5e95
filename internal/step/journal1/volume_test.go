package journal1

import "testing"

func TestVolumeAt(t *testing.T) {
	for path, want := range map[string]string{
		"/var/lib/docker/volumes/oa_openalgo_db/_data": "oa_openalgo_db",
		"/srv/openalgo/db":              "",
		"/_data":                        "",
		"/var/lib/docker/volumes/_data": "",
	} {
		if got := volumeAt(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

package sizing_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/sizing"
)

var update = flag.Bool("update", false, "write the golden files again")

func TestWriteTable(t *testing.T) {
	tests := []struct {
		name      string
		machine   sizing.Machine
		instances int
		overrides sizing.Overrides
	}{
		{"host-4gb", sizing.Machine{RAMMiB: 3910, Cores: 2, Source: sizing.SourceHost}, 1, sizing.Overrides{}},
		{"flag-2gb", sizing.Machine{RAMMiB: 2048, Cores: 1, Source: sizing.SourceFlag}, 1, sizing.Overrides{StrategyMemoryMiB: 512}},
		{"engine-16gb-shared", sizing.Machine{RAMMiB: 15990, Cores: 8, Source: sizing.SourceEngine}, 2, sizing.Overrides{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := sizing.Compute(tt.machine, tt.instances, tt.overrides)
			var got bytes.Buffer
			sizing.WriteTable(&got, s)
			golden(t, tt.name+".txt", got.Bytes())
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run go test ./internal/sizing -update", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s has changed.\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

package sizing_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/sizing"
)

func TestComputeFollowsTheTable(t *testing.T) {
	tests := []struct {
		ram, cores            int
		threads, strat, shm   int
		strategies, nominally string
	}{
		{953, 1, 1, 256, 256, "up to 5", "a 1 GB host"},
		{1960, 4, 1, 256, 256, "up to 5", "a 2 GB host"},
		{2999, 8, 1, 256, 256, "up to 5", "the last MiB of the first row"},
		{3000, 8, 2, 512, 512, "5 to 8", "the first MiB of the second"},
		{3910, 1, 2, 512, 512, "5 to 8", "a 4 GB host of one core"},
		{5999, 8, 2, 512, 512, "5 to 8", "the last MiB of the second row"},
		{6000, 1, 1, 1024, 1024, "10 or more", "one core"},
		{6000, 3, 3, 1024, 1024, "10 or more", "three cores"},
		{11999, 8, 4, 1024, 1024, "10 or more", "the last MiB of the third row"},
		{12000, 8, 4, 1024, 2048, "20 or more", "the first MiB of the fourth"},
		{64000, 2, 2, 1024, 2048, "20 or more", "much RAM, few cores"},
		{0, 0, 1, 256, 256, "up to 5", "nothing known"},
	}
	for _, tt := range tests {
		s, _ := sizing.Compute(sizing.Machine{RAMMiB: tt.ram, Cores: tt.cores, Source: sizing.SourceHost}, 1, sizing.Overrides{})
		if s.Threads != tt.threads || s.StrategyMemoryMiB != tt.strat || s.ShmMiB != tt.shm || s.Strategies != tt.strategies {
			t.Errorf("%s (%d MiB, %d cores): got %+v", tt.nominally, tt.ram, tt.cores, s)
		}
		if s.RAMMiB != tt.ram || s.Cores != max(tt.cores, 1) || s.Source != sizing.SourceHost {
			t.Errorf("%s: RAM, cores and source must be the machine's: %+v", tt.nominally, s)
		}
	}
}

func TestInstancesShareTheMachine(t *testing.T) {
	tests := []struct{ ram, cores, instances, wantRAM, wantCores, wantThreads int }{
		{8000, 4, 2, 4000, 2, 2},
		{5999, 4, 2, 2999, 2, 1},
		{6001, 3, 2, 3000, 1, 2},
		{16000, 2, 4, 4000, 1, 2},
		{12000, 4, 2, 6000, 2, 2},
		{4000, 2, 0, 4000, 2, 2},
	}
	for _, tt := range tests {
		s, _ := sizing.Compute(sizing.Machine{RAMMiB: tt.ram, Cores: tt.cores}, tt.instances, sizing.Overrides{})
		if s.RAMMiB != tt.wantRAM || s.Cores != tt.wantCores || s.Threads != tt.wantThreads {
			t.Errorf("%d MiB, %d cores among %d: got %+v", tt.ram, tt.cores, tt.instances, s)
		}
	}
}

func TestOverridesWin(t *testing.T) {
	s, warnings := sizing.Compute(sizing.Machine{RAMMiB: 3910, Cores: 2}, 1,
		sizing.Overrides{Threads: 1, ShmMiB: 977, StrategyMemoryMiB: 768})
	if s.Threads != 1 || s.ShmMiB != 977 || s.StrategyMemoryMiB != 768 {
		t.Errorf("got %+v", s)
	}
	if len(warnings) != 0 {
		t.Errorf("all within bounds, yet: %q", warnings)
	}
}

func TestWarnings(t *testing.T) {
	host4 := sizing.Machine{RAMMiB: 3910, Cores: 2}
	host2 := sizing.Machine{RAMMiB: 1960, Cores: 1}
	tests := []struct {
		name string
		m    sizing.Machine
		o    sizing.Overrides
		want []string // one for each warning: a part of it
	}{
		{"4 GB row", host4, sizing.Overrides{}, nil},
		{"2 GB row", host2, sizing.Overrides{}, []string{"sizing: {strategy_memory_mb: 512}"}},
		{"2 GB row with what the warning offers", host2, sizing.Overrides{StrategyMemoryMiB: 512}, nil},
		{"quarter of the RAM", host4, sizing.Overrides{ShmMiB: 977}, nil},
		{"over a quarter", host4, sizing.Overrides{ShmMiB: 978}, []string{"shm_size: 977m"}},
		{"the table's own shm never warns", sizing.Machine{RAMMiB: 953, Cores: 1}, sizing.Overrides{StrategyMemoryMiB: 512}, nil},
		{"strategy memory is all RAM", host4, sizing.Overrides{StrategyMemoryMiB: 3910}, nil},
		{"strategy memory over RAM", host4, sizing.Overrides{StrategyMemoryMiB: 3911}, []string{"this machine has 3.8 GiB of RAM"}},
		{"threads as cores", host4, sizing.Overrides{Threads: 2}, nil},
		{"threads over cores", host4, sizing.Overrides{Threads: 3}, []string{"sizing: {threads: 2}"}},
		{"one core", host2, sizing.Overrides{Threads: 2, StrategyMemoryMiB: 512}, []string{"there is only 1 core"}},
		{"everything at once", host4, sizing.Overrides{Threads: 9, ShmMiB: 9999, StrategyMemoryMiB: 9999},
			[]string{"strategy_memory_mb", "shm_size", "threads: 2"}},
	}
	for _, tt := range tests {
		_, warned := sizing.Compute(tt.m, 1, tt.o)
		got := warned.Texts()
		if len(got) != len(tt.want) {
			t.Errorf("%s: %d warnings, want %d: %q", tt.name, len(got), len(tt.want), got)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i], tt.want[i]) {
				t.Errorf("%s: %q does not say %q", tt.name, got[i], tt.want[i])
			}
		}
	}
}

func TestEnvIsSevenLinesInOrder(t *testing.T) {
	s, _ := sizing.Compute(sizing.Machine{RAMMiB: 3910, Cores: 2}, 1, sizing.Overrides{})
	want := []sizing.EnvVar{
		{Key: "OPENBLAS_NUM_THREADS", Value: "2"},
		{Key: "OMP_NUM_THREADS", Value: "2"},
		{Key: "MKL_NUM_THREADS", Value: "2"},
		{Key: "NUMEXPR_NUM_THREADS", Value: "2"},
		{Key: "NUMBA_NUM_THREADS", Value: "2"},
		{Key: "STRATEGY_MEMORY_LIMIT_MB", Value: "512"},
		{Key: "SHM_SIZE", Value: "512m"},
	}
	if got := s.Env(); !reflect.DeepEqual(got, want) {
		t.Errorf("Env() = %v", got)
	}
	for i, key := range sizing.EnvKeys() {
		if key != want[i].Key {
			t.Errorf("EnvKeys()[%d] = %s", i, key)
		}
	}
}

func TestFromEnvReadsBackWhatEnvWrote(t *testing.T) {
	for _, ram := range []int{2000, 4000, 8000, 16000} {
		s, _ := sizing.Compute(sizing.Machine{RAMMiB: ram, Cores: 4}, 1, sizing.Overrides{})
		file := map[string]string{}
		for _, v := range s.Env() {
			file[v.Key] = v.Value
		}
		got := sizing.FromEnv(lookup(file))
		if got.Threads != s.Threads || got.ShmMiB != s.ShmMiB || got.StrategyMemoryMiB != s.StrategyMemoryMiB {
			t.Errorf("%d MiB: wrote %+v, read %+v", ram, s, got)
		}
	}
}

func TestFromEnvByHand(t *testing.T) {
	tests := []struct {
		file map[string]string
		want sizing.Sizing
	}{
		{map[string]string{}, sizing.Sizing{}},
		{map[string]string{"OMP_NUM_THREADS": " 3 ", "SHM_SIZE": "1g"}, sizing.Sizing{Threads: 3, ShmMiB: 1024}},
		{map[string]string{"OMP_NUM_THREADS": "-1", "STRATEGY_MEMORY_LIMIT_MB": "much", "SHM_SIZE": ""}, sizing.Sizing{}},
		{map[string]string{"SHM_SIZE": "536870912"}, sizing.Sizing{ShmMiB: 512}}, // bytes, as Compose reads it
		{map[string]string{"SHM_SIZE": "512"}, sizing.Sizing{}},                  // 512 bytes
		{map[string]string{"SHM_SIZE": "0.5gb"}, sizing.Sizing{ShmMiB: 512}},
	}
	for _, tt := range tests {
		if got := sizing.FromEnv(lookup(tt.file)); got != tt.want {
			t.Errorf("%v: got %+v", tt.file, got)
		}
	}
}

func TestJSONNames(t *testing.T) {
	s, _ := sizing.Compute(sizing.Machine{RAMMiB: 3910, Cores: 2, Source: sizing.SourceFlag}, 1, sizing.Overrides{})
	doc, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"ram_mib":3910,"cores":2,"source":"flag","threads":2,"shm_mib":512,"strategy_memory_mib":512,"strategies":"5 to 8","instances":1}`
	if string(doc) != want {
		t.Errorf("got  %s\nwant %s", doc, want)
	}
}

func lookup(file map[string]string) func(string) (string, bool) {
	return func(key string) (string, bool) {
		v, ok := file[key]
		return v, ok
	}
}

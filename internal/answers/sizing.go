package answers

// Sizing overrides the table; 0 is auto.
type Sizing struct {
	RAMMiB, Cores, Threads, ShmMiB, StrategyMemoryMiB int
}

func (s *Sizing) fields() []field {
	return []field{
		{name: "ram", value: memory(&s.RAMMiB)},
		{name: "cores", value: autoInteger(&s.Cores, 2)},
		{name: "threads", value: autoInteger(&s.Threads, 2)},
		{name: "shm_size", value: memory(&s.ShmMiB)},
		{name: "strategy_memory_mb", value: autoInteger(&s.StrategyMemoryMiB, 512)},
	}
}

func (s *Sizing) check(r *reader) {
	if s.RAMMiB != 0 && s.RAMMiB < 256 {
		r.wrong("sizing.ram", "%d MiB is too little for OpenAlgo. A number without a unit means MiB. Write for example 4GB, or auto", s.RAMMiB)
	}
	if s.Threads > 64 {
		r.wrong("sizing.threads", "%d threads are too many. Use 1 to 64, or auto", s.Threads)
	}
	if s.StrategyMemoryMiB != 0 && s.StrategyMemoryMiB < 64 {
		r.wrong("sizing.strategy_memory_mb", "%d MiB is too little to start Python. Use at least 64, 512 for pandas, or auto", s.StrategyMemoryMiB)
	}
	if s.ShmMiB != 0 && s.ShmMiB < 64 {
		r.wrong("sizing.shm_size", "%d MiB is less than Docker's own default. Use at least 64m, or auto", s.ShmMiB)
	}
}

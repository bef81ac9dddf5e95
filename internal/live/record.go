package live

import (
	"cmp"
	"fmt"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/order"
)

// record is what was seen, for any number of readers.
type record struct {
	changed chan struct{}
	cores   int

	mu     sync.Mutex
	all    map[string]*seen
	order  []string
	public string
	watch  string
	disk   Disk
	fault  string
	since  time.Time // of the fault
	broken string    // an error of this program
}

func newRecord(cores int) *record {
	return &record{changed: make(chan struct{}, 1), cores: cores, all: map[string]*seen{}}
}

// Changed gets an element when there may be something new in the Snapshot.
func (r *record) Changed() <-chan struct{} { return r.changed }

// Snapshot is what was seen last, by name.
func (r *record) Snapshot() Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Snapshot{Public: r.public, Watch: r.watch, Cores: r.cores, Disk: r.disk, Trouble: r.fault, Silent: r.since, Broken: r.broken}
	for _, key := range r.order {
		s.Instances = append(s.Instances, r.all[key].instance(s.Disk))
	}
	order.By(s.Instances, func(a, b Instance) int { return cmp.Compare(a.Name, b.Name) })
	return s
}

// change changes what is known, and says that it did.
func (r *record) change(do func()) {
	r.mu.Lock()
	do()
	r.mu.Unlock()
	poke(r.changed)
}

// guarded does something. A mistake in it is told, and ends nothing else: it would
// leave the terminal in ruins.
func (r *record) guarded(do func()) {
	defer func() {
		if p := recover(); p != nil {
			r.change(func() { r.broken = fmt.Sprint(p) })
		}
	}()
	do()
}

// update changes what is known of one instance, if it is still there.
func (r *record) update(key string, do func(*seen)) {
	r.change(func() {
		if s := r.all[key]; s != nil {
			do(s)
		}
	})
}

// replace takes the instances that are there now, and keeps what is known of them.
func (r *record) replace(found map[string]*seen, order []string) {
	r.change(func() {
		for key, s := range found {
			s.keep(r.all[key])
		}
		r.all, r.order = found, order
	})
}

// heard keeps whether Docker answers.
func (r *record) heard(err error) {
	r.change(func() {
		switch {
		case err == nil:
			r.fault, r.since = "", time.Time{}
		case r.fault == "":
			r.fault, r.since = err.Error(), time.Now()
		default:
			r.fault = err.Error()
		}
	})
}

// running are the containers that can be asked and measured.
func (r *record) running() (out []engine.Container) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range r.order {
		if s := r.all[key]; s.container.State == "running" && !s.sketched {
			out = append(out, s.container)
		}
	}
	return out
}

func (r *record) directories() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range r.order {
		if r.all[key].dir != "" {
			out = append(out, key)
		}
	}
	return out
}

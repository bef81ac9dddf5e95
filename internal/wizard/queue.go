package wizard

import (
	"sync"

	tea "github.com/charmbracelet/bubbletea"
)

// queue carries what happens to the screen. It takes everything at once: a
// terminal that stands still, with ctrl+s or a dead line, must not hold up an
// apply.
type queue struct {
	mu    sync.Mutex
	items []tea.Msg
	some  chan struct{} // has an element when items may have
}

func newQueue() *queue { return &queue{some: make(chan struct{}, 1)} }

func (q *queue) put(msg tea.Msg) {
	q.mu.Lock()
	q.items = append(q.items, msg)
	q.mu.Unlock()
	select {
	case q.some <- struct{}{}:
	default:
	}
}

// next waits for the oldest item. One caller at a time.
func (q *queue) next() tea.Msg {
	for {
		q.mu.Lock()
		if len(q.items) > 0 {
			msg := q.items[0]
			q.items = q.items[1:]
			q.mu.Unlock()
			return msg
		}
		q.mu.Unlock()
		<-q.some
	}
}

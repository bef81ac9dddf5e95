package live

import "context"

// askElsewhere asks the registry, and who knows the public address.
func (w *Watcher) askElsewhere(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, rareTime)
	defer cancel()
	if w.Public != nil {
		if address := w.Public(ctx); address != "" {
			w.change(func() { w.public = address })
		}
	}
	remote := map[string]string{} // by reference: one question for several instances
	for _, c := range w.running() {
		image, err := w.Docker.Image(ctx, c.ImageID)
		here := image.DigestIn(c.Image)
		if err != nil || here == "" {
			continue // of no registry
		}
		if _, asked := remote[c.Image]; !asked {
			remote[c.Image], _ = w.Docker.RemoteDigest(ctx, c.Image)
		}
		newer := remote[c.Image] != "" && remote[c.Image] != here
		w.update(keyOf(c), func(s *seen) { s.newer = newer })
	}
}

// examine has the slow checks done, for one instance after the other.
func (w *Watcher) examine(ctx context.Context) {
	if w.Examine == nil {
		return
	}
	for _, dir := range w.directories() {
		short, cancel := context.WithTimeout(ctx, examineTime)
		found := w.Examine(short, dir)
		if short.Err() == nil {
			w.update(dir, func(s *seen) { s.examined = found })
		}
		cancel()
	}
}

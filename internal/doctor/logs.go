package doctor

import (
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/logsize"
)

// logs warns of a container whose output nothing bounds: it fills the disk one day.
func logs(p patient) []Finding {
	if p.container == nil || p.engine == nil {
		return nil
	}
	l := logsize.Of(*p.container, p.engine.Local, map[string]int64{})
	switch {
	case l.Unbounded():
		return warning("logs", finding.Warn("log-unbounded", "%s. The log of %s can fill the disk", l, p.container.Name).
			With(finding.Hint{Do: "write logging: {driver: json-file, options: {max-size: 10m, max-file: \"5\"}} below image in " + p.dir + "/docker-compose.yaml, then run `docker compose up -d`"}))
	case l.String() == "":
		return nil
	}
	return ok("logs", "%s", l)
}

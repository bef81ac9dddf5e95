package compose

import "fmt"

// Glimpse is what a Compose file of any origin says of one service, in so far
// as a container that exists already can be held against it.
type Glimpse struct {
	Hash     string            // what the config-hash label would be
	Env      map[string]string // the container's environment
	ShmBytes int64             // 0 = Docker's default
}

// Glance reads a service as Docker Compose would. Unlike Load it takes any
// attribute, since nothing is created from what it returns.
func Glance(src Source, service string) (Glimpse, error) {
	project, _, err := parse(src)
	if err != nil {
		return Glimpse{}, err
	}
	s, ok := project.Services[service]
	if !ok {
		return Glimpse{}, fmt.Errorf("%s has no service called %q", src.Files[0].Path, service)
	}
	g := Glimpse{Env: map[string]string{}, ShmBytes: int64(s.ShmSize)}
	for key, value := range s.Environment {
		if value != nil {
			g.Env[key] = *value
		}
	}
	g.Hash, err = serviceHash(s)
	return g, err
}

package elsewhere

import "fmt"

// Text is what FromFile reads.
func (k Keys) Text() []byte {
	var out []byte
	for _, line := range [][2]string{{nameID, k.ID}, {nameSecret, k.Secret.Reveal()}, {nameSession, k.Session.Reveal()}, {nameEndpoint, k.Endpoint}, {nameRegion, k.Region}} {
		if line[1] != "" {
			out = fmt.Appendf(out, "%s=%s\n", line[0], line[1])
		}
	}
	return out
}

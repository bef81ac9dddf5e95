package ops

import (
	"fmt"
	"os"
	"time"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// noteRefusal keeps that an attempt failed. It is of no use to fail for it.
func (in *Session) noteRefusal(domain string) {
	file, err := instance.OpenOwn(in.dir.Work(world.RefusalsName), os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return
	}
	defer file.Close()
	fmt.Fprintf(file, "%s %s\n", time.Now().UTC().Format(time.RFC3339), domain)
}

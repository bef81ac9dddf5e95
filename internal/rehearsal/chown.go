package rehearsal

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// ChownName is the name under which the binary in the image acts as Chown.
const ChownName = "chown"

// Chown is what an install needs of chown where only a container may give .env
// away: numeric UID:GID and one path. args are without the program's name; it
// returns the exit code.
func Chown(args []string, stderr io.Writer) int {
	if len(args) != 2 {
		fmt.Fprintln(stderr, "chown: the test app's knows UID:GID and one path")
		return 2
	}
	user, group, _ := strings.Cut(args[0], ":")
	uid, err1 := strconv.Atoi(user)
	gid, err2 := strconv.Atoi(group)
	if err1 != nil || err2 != nil {
		fmt.Fprintf(stderr, "chown: %q is not UID:GID in numbers\n", args[0])
		return 2
	}
	if err := os.Chown(args[1], uid, gid); err != nil {
		fmt.Fprintf(stderr, "chown: %v\n", err)
		return 1
	}
	return 0
}

package install

import (
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/instance"
)

// followMove rewrites the paths of a journal where the instance's directory
// was moved since: they are absolute, and the copies in it moved with it.
func (j *journal) followMove() {
	was := j.writtenIn()
	if was == "" || was == string(j.dir) || !isGone(filepath.Join(was, instance.WorkName)) {
		return
	}
	for _, path := range j.paths() {
		if rest, ok := strings.CutPrefix(*path, was+"/"); ok {
			*path = string(j.dir) + "/" + rest
		}
	}
}

// writtenIn is the instance's directory by the copies that a journal names; ""
// when it names none.
func (j *journal) writtenIn() string {
	for _, path := range j.paths() {
		if dir, _, ok := strings.Cut(*path, "/"+instance.WorkName+"/"); ok {
			return dir
		}
	}
	return ""
}

// paths are the absolute ones.
func (j *journal) paths() (out []*string) {
	for i := range j.Files {
		out = append(out, &j.Files[i].Backup)
	}
	for i := range j.Replaced {
		out = append(out, &j.Replaced[i].Copy, &j.Replaced[i].Kept, &j.Replaced[i].Data)
	}
	if s := j.Snapshot; s != nil {
		out = append(out, &s.Copy, &s.Kept, &s.Data)
	}
	for i := range j.Owners {
		out = append(out, &j.Owners[i].Dir)
	}
	if j.Edge == nil {
		return out
	}
	for i := range j.Edge.Files {
		out = append(out, &j.Edge.Files[i].Name, &j.Edge.Files[i].Backup)
	}
	for i := range j.Edge.Gone {
		out = append(out, &j.Edge.Gone[i])
	}
	return out
}

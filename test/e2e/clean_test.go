package e2e_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// Earlier releases go, but for one; what runs stays, and so does what somebody has
// given a name. OpenAlgo goes on.
func TestClean(t *testing.T) {
	t.Parallel()
	repository := sharedRegistry(t) + "/openalgo"
	removeTags(t, repository)
	config := dockerConfig(t, map[string]any{})
	for _, tag := range []string{"0.1", "0.2", "0.3", "1"} {
		release(t, repository+":"+tag, config, "")
		for made := time.Now().Unix(); made == time.Now().Unix(); { // Docker lists images by whole seconds
			time.Sleep(50 * time.Millisecond)
		}
	}
	if out, err := exec.Command("docker", "tag", repository+":0.1", repository+"-mine:1").CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", repository+"-mine:1").Run() })
	i := newInstanceFrom(t, repository+":1")
	i.alone() // others may have states that cannot be read
	i.install(0)
	before := i.container()
	if out := i.run("clean"); out.code != 2 || !strings.Contains(out.all(), "--yes") {
		t.Errorf("nobody can be asked: exit %d\n%s", out.code, out.all())
	}
	var plan struct {
		Changes []struct {
			Name  string
			Bytes int64
		}
	}
	out := i.run("clean", "--dry-run", "--json")
	if err := json.Unmarshal([]byte(out.stdout), &plan); err != nil || out.code != 0 || len(plan.Changes) != 1 || plan.Changes[0].Name != repository+":0.2" || plan.Changes[0].Bytes == 0 {
		t.Fatalf("%v, %+v\n%s", err, plan, out.all())
	}
	if out := i.run("clean", "--yes"); out.code != 0 || !strings.Contains(out.all(), "Removed what is no longer needed") {
		t.Errorf("exit %d\n%s", out.code, out.all())
	}
	tags := tagsOf(t, repository)
	slices.Sort(tags)
	if now := i.container(); !slices.Equal(tags, []string{"0.1", "0.3", "1"}) || now.ID != before.ID || !now.StartedAt.Equal(before.StartedAt) {
		t.Errorf("%v stay, %s runs since %s", tags, now.Name, now.StartedAt)
	}
	if out := i.run("clean", "--yes"); out.code != 0 || !strings.Contains(out.all(), "Nothing to do") {
		t.Errorf("again: exit %d\n%s", out.code, out.all())
	}
}

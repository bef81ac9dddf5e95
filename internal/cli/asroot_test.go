package cli

import "testing"

func TestRootBy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		uid  int
		env  string
		by   string
		root bool
	}{
		"a user":        {1000, "", "", false},
		"root's login":  {0, "", "", true},
		"through sudo":  {0, "SUDO_USER", "sudo", true},
		"through doas":  {0, "DOAS_USER", "doas", true},
		"another's env": {1000, "SUDO_USER", "", false},
	} {
		by, root := rootBy(func(key string) string { return map[string]string{c.env: "ubuntu"}[key] }, c.uid)
		if by != c.by || root != c.root {
			t.Errorf("%s: %q, %v", name, by, root)
		}
	}
}

package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/render"
	"github.com/marketcalls/openalgo-install/internal/world"
	"github.com/marketcalls/openalgo-install/templates"
)

// offer has shells complete the values of arguments and flags. What cannot be read
// is left out: a shell shows no error.
func offer(a *app, root *cobra.Command) {
	words := func(all ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp)
	}
	_ = root.MarkPersistentFlagDirname("dir") // an error says that there is no such flag
	_ = root.RegisterFlagCompletionFunc("instance", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return furtherInstances(a.dir), cobra.ShellCompDirectiveNoFileComp
	})
	_ = root.MarkFlagFilename("answers", "yaml", "yml")
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "set":
			cmd.ValidArgsFunction = func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
				return settingsLike(a, begun)
			}
			_ = cmd.RegisterFlagCompletionFunc("unset", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return settingsOf(a), cobra.ShellCompDirectiveNoFileComp
			})
		case "render":
			_ = cmd.RegisterFlagCompletionFunc("target", words(render.Targets...))
			_ = cmd.MarkFlagFilename("answers", "yaml", "yml")
			_ = cmd.MarkFlagDirname("out")
		case "mcp":
			cmd.ValidArgsFunction = words("on", "off")
		case "domain":
			cmd.ValidArgsFunction = cobra.NoFileCompletions
			_ = cmd.RegisterFlagCompletionFunc("tls", words("auto", "files", "nginx", "off"))
		case "restore":
			cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return []string{"zst", "age"}, cobra.ShellCompDirectiveFilterFileExt
			}
		}
	}
}

// furtherInstances are the names that --instance may have, beside the instance in dir.
func furtherInstances(dir string) (names []string) {
	found, _ := filepath.Glob(strings.TrimRight(dir, "/") + "-*/" + instance.WorkName)
	for _, work := range found {
		names = append(names, strings.TrimPrefix(filepath.Dir(work), strings.TrimRight(dir, "/")+"-"))
	}
	return names
}

// settingsLike are what `set` may be given: a key with =, or the id of a broker.
func settingsLike(a *app, begun string) (out []string, _ cobra.ShellCompDirective) {
	if strings.HasPrefix(begun, keyBroker+"=") {
		for _, id := range broker.IDs() {
			out = append(out, keyBroker+"="+id)
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
	for _, key := range append(settingsOf(a), keyBroker) {
		out = append(out, key+"=")
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// settingsOf are the keys of the instance's .env, or those of OpenAlgo's own where
// this user may not read it.
func settingsOf(a *app) []string {
	keys := world.EnvOf(a.dir).Keys()
	if _, err := os.Stat(filepath.Join(a.dir, instance.EnvName)); err != nil || len(keys) == 0 {
		if base, err := envfile.Parse(templates.Env()); err == nil {
			keys = base.Keys()
		}
	}
	return slices.Sorted(slices.Values(keys))
}

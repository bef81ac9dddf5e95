package install

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/source"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// makePlan works out, from what a command wants and the world as observed, what
// has to change: draft and finish in one, where what a draft asks is answered.
func makePlan(o *observed, i Intent) (*Plan, error) {
	if i.Size.Rule != AsFile {
		return planResize(o, i)
	}
	o = basis(o, i)
	if err := choosePorts(o, &i.Answers); err != nil {
		return nil, err
	}
	p, err := draft(o, i)
	if err != nil {
		return nil, err
	}
	return p, p.finish(o)
}

// draft begins a plan: from what a command wants and the world as observed, it
// decides the files and the image. What else a plan needs to know of the machine
// depends on them. Nothing is changed.
func draft(o *observed, i Intent) (*Plan, error) {
	p := &Plan{Changes: []Change{}, Warnings: append([]string{}, i.Answers.Warnings()...), intent: i, answers: i.Answers, project: o.Project,
		command: i.Command, composeName: compose.FileName, built: o.Built}
	if err := guardData(o, i); err != nil {
		return nil, err
	}
	planSizing(o, p)
	if err := planFiles(o, p); err != nil {
		return nil, err
	}
	if err := guardDatabases(i.Env, p); err != nil {
		return nil, err
	}
	planImage(o, p)
	return p, nil
}

// finish decides the rest, once what the draft asks is answered.
func (p *Plan) finish(o *observed) error {
	planResources(o, p)
	planDirectories(o, p)
	if err := planOwners(o, p); err != nil {
		return err
	}
	planContainer(o, p)
	planDropped(o, p)
	if err := planEdge(o, p); err != nil {
		return err
	}
	if o.Image == nil && p.env.fresh && o.Sample == nil && p.answers.Image.Source != "rehearsal" {
		p.warn("the image is not on this engine yet: its own .env base may add keys to the .env shown here")
	}
	planAsks(o, p)
	planUpgrade(o, p)
	if err := planRestore(o, p); err != nil {
		return err
	}
	return preflight(o, p)
}

// planSizing applies the table to this host, or to the engine's machine when
// that is another one, shared among the instances.
func planSizing(o *observed, p *Plan) {
	var warnings []string
	p.Sizing, warnings = dueSizing(o.Machine, max(o.OthersRunning()+1, p.intent.Instances), p.answers.Sizing)
	p.Warnings = append(p.Warnings, warnings...)
}

func planFiles(o *observed, p *Plan) error {
	i := p.intent
	edit, mode := i.Env, envOurs
	if i.adopts() {
		mode = envAdopted
	}
	if i.restores() {
		edit = i.Backup.edits(o)
	}
	if i.restores() && !i.Backup.exact {
		mode = envFromOther
	}
	var warnings []string
	var err error
	wanted := slices.Concat(settings(p.answers, p.Sizing, o.Env == nil), sourceSettings(o, i),
		cookieSettings(p.answers, o.Project, o.Env == nil || i.restores() && !i.Backup.same))
	p.env, warnings, err = planEditedEnv(o.Env, o.Sample, wanted, edit, o.State, len(o.Data) > 0 || elsewhere(o) || i.restores(), mode)
	if lostKeys(err) {
		return finding.Errorf(finding.HostNotReady, "%w.\nThe .env may stand in %s, or in a backup of yours; bring the line back and run this again",
			err, o.Dir.KeptPath(""))
	}
	if err != nil {
		return err
	}
	p.env.replaces = o.PresentEnv
	p.fernetSalt = world.SaltAfter(o.State, o.Sample)
	warnUnknown(i.Env, o, p)
	p.Warnings = append(p.Warnings, warnings...)
	file, err := envfile.Parse(p.env.text)
	if err != nil {
		return fmt.Errorf("reading the planned .env: %w", err)
	}
	warnings, err = checkEnv(file, o.Sample, p.env.fresh, p.env.resalts || !world.NamesSalt(o.Sample))
	p.Warnings = append(p.Warnings, warnings...)
	if err != nil {
		return err
	}
	if p.env.changes() {
		action, reason := ActionUpdate, "settings changed: "+editedKeys(p.env.edits)
		if len(p.env.edits) == 0 {
			reason = "comments or order change"
		}
		if p.env.fresh {
			action, reason = ActionCreate, "keys, broker and sizing on the image's own base; owner 1000:1000, mode 0600"
		}
		before := o.EnvText
		if i.restores() {
			before, reason = o.PresentEnv, "as it was then, keys included"
			if len(before) == 0 {
				action = ActionCreate
			}
		}
		p.add(Change{Kind: KindFile, Name: o.Dir.Env(), Action: action, Reason: reason, Diff: p.env.diff(before)})
	}
	if err := planCompose(o, p); err != nil {
		return err
	}
	return planAnswers(o, p)
}

// elsewhere reports whether .env puts the database outside the container,
// where nobody here can see whether it is empty.
func elsewhere(o *observed) bool {
	if o.Env == nil {
		return false
	}
	url, ok := o.Env.Get("DATABASE_URL")
	return ok && url != "" && !strings.HasPrefix(url, "sqlite:")
}

// planCompose renders docker-compose.yaml and decides between that and what a
// user made of it: an edit is kept, and carried out whole or refused.
func planCompose(o *observed, p *Plan) error {
	rendered := compose.Render(compose.Params{
		Project: o.Project, Container: compose.ContainerName(o.Project), Image: imageRef(o, p.intent),
		Bind: p.answers.Ports.Bind, WebPort: p.answers.Ports.Web, WebSocketPort: p.answers.Ports.WebSocket,
		SELinux: o.Engine.SELinux, OwnHealth: ownHealth(o, p.intent), AsRoot: runsAsRoot(o),
		BindData: p.answers.Volumes == "bind", Data: p.answers.Data,
	})
	p.composeText, p.ownCompose = rendered, true
	path := o.Dir.Path(compose.FileName)
	onDisk, last, earlier := sha256Hex(o.ComposeText), o.State.ComposeSHA256, sha256Hex(compose.Earlier(rendered))
	diff := udiff.Unified("a/"+compose.FileName, "b/"+compose.FileName, string(o.ComposeText), string(rendered))
	switch {
	case o.ComposeText == nil:
		p.add(Change{Kind: KindFile, Name: path, Action: ActionCreate, Reason: "how Docker runs OpenAlgo", Diff: diff})
	case p.intent.adopts():
		p.add(Change{Kind: KindFile, Name: path, Action: ActionUpdate, Reason: "written anew; the former one stays in " + o.Dir.KeptPath(""), Diff: diff})
	case onDisk == sha256Hex(rendered):
	case onDisk == last && last == earlier && !recreatesAnyway(p):
		p.composeText = o.ComposeText
	case onDisk == last && last == earlier:
		p.add(Change{Kind: KindFile, Name: path, Action: ActionUpdate, Reason: "this version of openalgo-install gives the container fewer rights and more time to start", Diff: diff})
	case onDisk == last:
		p.add(Change{Kind: KindFile, Name: path, Action: ActionUpdate, Reason: "the answers changed", Diff: diff})
	case last == sha256Hex(rendered) || last == earlier || last == "":
		p.composeText, p.ownCompose = o.ComposeText, false
		p.warn("%s was edited by hand: kept and carried out as it stands", path)
	default:
		return finding.Errorf(finding.HostNotReady, "%s was edited by hand, and the answers now ask for something else too. Make the change below in the file yourself, "+
			"or move the file away and a fresh one is written:\n%s", path, diff)
	}
	files := []compose.File{{Path: path, Content: p.composeText}}
	if o.Override != nil {
		files = append(files, *o.Override)
	}
	var err error
	p.stack, err = compose.Load(compose.Source{Dir: string(o.Dir), Files: files, Env: p.env.text})
	if err != nil {
		return finding.Errorf(finding.HostNotReady, "%w", err)
	}
	if p.ownCompose {
		if err := guardPlace(o, p.intent, p.stack); err != nil {
			return err
		}
	}
	if !p.ownCompose && last == "" {
		if err := sameAsAsked(o, p, path); err != nil {
			return err
		}
	}
	if p.stack.Project != o.Project {
		return finding.Errorf(finding.HostNotReady, "%s calls the project %q and this directory's is %q: write `name: %s`", path, p.stack.Project, o.Project, o.Project)
	}
	return nil
}

// runsAsRoot reports whether the image runs as root, which OpenAlgo's own does
// not.
func runsAsRoot(o *observed) bool {
	user := strconv.Itoa(openalgo.User)
	if o.Image != nil {
		user = o.Image.User
	} else if c := o.Container(); c != nil {
		user = c.User
	}
	name, _, _ := strings.Cut(user, ":")
	return name == "" || name == "0" || name == "root"
}

// recreatesAnyway reports whether the container is recreated for another reason
// than its Compose file. A change that only a new version of this program writes
// there waits for that: it is not worth an outage.
func recreatesAnyway(p *Plan) bool {
	return p.env.changes() || p.intent.upgrades() || p.intent.restores()
}

// ownHealth reports whether the image has our start.sh.
func ownHealth(o *observed, i Intent) bool {
	if i.Image.Keep != nil {
		return i.Image.Keep.ownHealth
	}
	return o.Built != nil && o.Built.Dockerfile == source.Ours
}

// sameAsAsked refuses answers that a docker-compose.yaml of unknown origin
// does not carry out: it is kept as it stands, so they would be ignored.
func sameAsAsked(o *observed, p *Plan, path string) error {
	var other []string
	if want := imageRef(o, p.intent); p.stack.Image != want {
		other = append(other, fmt.Sprintf("the image %s, the answers %s", p.stack.Image, want))
	}
	for inside, want := range map[int]int{openalgo.WebPort: p.answers.Ports.Web, openalgo.WebSocketPort: p.answers.Ports.WebSocket} {
		if _, have := p.stack.Published(inside); have != want {
			other = append(other, fmt.Sprintf("port %d, the answers %d", have, want))
		}
	}
	if len(other) == 0 {
		return nil
	}
	slices.Sort(other)
	return finding.Errorf(finding.HostNotReady, "%s was not written by this program and says otherwise than the answers: it has %s. "+
		"Make the answers say the same, or move the file away and a fresh one is written", path, strings.Join(other, "; "))
}

func planAnswers(o *observed, p *Plan) error {
	text, err := p.answers.Public()
	if err != nil {
		return fmt.Errorf("writing the answers: %w", err)
	}
	p.answersText = text
	action := ActionUpdate
	switch {
	case string(o.AnswersText) == string(text):
		return nil
	case o.AnswersText == nil:
		action = ActionCreate
	}
	p.add(Change{Kind: KindFile, Name: o.Dir.Path(instance.AnswersName), Action: action,
		Reason: "the answers, less every secret",
		Diff:   udiff.Unified("a/"+instance.AnswersName, "b/"+instance.AnswersName, string(o.AnswersText), string(text))})
	return nil
}

func planImage(o *observed, p *Plan) {
	if o.Image != nil {
		p.imageID = o.Image.ID
		return
	}
	if c := o.Container(); c != nil && c.Image == p.stack.Image && p.answers.Image.Source != "rehearsal" {
		p.imageID = c.ImageID // the tag is gone, the container still runs from it
		return
	}
	reason := "not on this engine yet: pulled from its registry"
	switch {
	case p.answers.Image.Source == "rehearsal":
		reason = "the stand-in app, made from this program"
	case o.Built != nil:
		reason = "built from " + o.Built.From
	}
	p.add(Change{Kind: KindImage, Name: p.stack.Image, Action: ActionCreate, Reason: reason})
}

func planResources(o *observed, p *Plan) {
	for _, n := range p.stack.Networks {
		if !o.Networks[n.Spec.Name] && !n.External {
			p.add(Change{Kind: KindNetwork, Name: n.Spec.Name, Action: ActionCreate, Reason: "the stack's own network"})
		}
	}
	for _, v := range p.stack.Volumes {
		if _, ok := o.Volumes[v.Spec.Name]; ok || v.External {
			continue
		}
		if o.State.Project != "" && v.Target == openalgo.DB && o.PresentEnv == nil { // else a restore fills it
			p.warn("The data volume %s is missing. A new, empty one will be created: your accounts and settings will be gone. "+
				"To get them back, stop now and restore a backup: openalgo-install restore FILE", v.Spec.Name)
		}
		p.add(Change{Kind: KindVolume, Name: v.Spec.Name, Action: ActionCreate, Reason: "keeps " + v.Target})
	}
}

func planContainer(o *observed, p *Plan) {
	c := o.Container()
	name := p.stack.ContainerName()
	if c == nil {
		p.add(Change{Kind: KindContainer, Name: name, Action: ActionCreate, Reason: "runs OpenAlgo"})
		return
	}
	if p.imageID != "" && !p.intent.Image.Moves && o.StaysOn(p.stack.Image) && p.change(KindImage, p.stack.Image) == nil {
		if o.Moved || c.ImageID != p.imageID {
			p.warn("the tag %s has moved to another image; the container keeps the one that it runs", p.stack.Image)
		}
		p.imageID = c.ImageID
	}
	reasons := recreateReasons(c, p)
	if p.intent.restores() {
		reasons = append(reasons, "its data is replaced")
	}
	if len(reasons) > 0 {
		p.add(Change{Kind: KindContainer, Name: name, Action: ActionRecreate, Reason: strings.Join(reasons, "; ")})
	} else if c.State != "running" {
		p.add(Change{Kind: KindContainer, Name: name, Action: ActionUpdate, Reason: "it is " + c.State + ": start it"})
	}
}

func editedKeys(edits []setting) string {
	var keys []string
	for _, set := range edits {
		keys = append(keys, set.Key)
	}
	return strings.Join(keys, ", ")
}

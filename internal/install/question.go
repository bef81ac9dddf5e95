package install

import "slices"

// asks is what a plan, whose files and image are decided, needs to know of this
// machine.
func (p *Plan) asks(o *observed) question {
	c := o.Container()
	q := question{Ports: portsToAsk(o, p), Directories: dataDirs(o, p.stack), Owner: ownerToBe(o, p),
		ImageUser: asksUser(o, p), View: imageToAsk(o), Build: o.Engine.Local && p.builds()}
	if p.intent.upgrades() && c != nil {
		q.Databases = o.Engine.Local && o.Host.Root
	}
	if p.intent.Data == ToVolumes && c != nil {
		for _, source := range dataDirectories(*c) {
			q.Trees = append(q.Trees, source)
		}
		slices.Sort(q.Trees)
	}
	var more []portAsked
	q.Edge, more = asksEdge(o.Edge.Way, o, p)
	q.Ports = append(q.Ports, more...)
	return q
}

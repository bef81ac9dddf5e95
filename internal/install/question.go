package install

import "slices"

// asks is what a plan, whose files and image are decided, needs to know of this
// machine.
func (p *Plan) asks(o *observed) question {
	c := o.container()
	q := question{ports: portsToAsk(o, p), directories: o.dataDirs(p.stack), owner: ownerToBe(o, p),
		imageUser: asksUser(o, p), view: imageToAsk(o), build: o.engine.Local && p.builds()}
	if p.intent.upgrades() && c != nil {
		q.databases = o.engine.Local && o.host.root
	}
	if p.intent.Data == ToVolumes && c != nil {
		for _, source := range dataDirectories(*c) {
			q.trees = append(q.trees, source)
		}
		slices.Sort(q.trees)
	}
	var more []portAsked
	q.edge, more = o.edge.way.asks(o, p)
	q.ports = append(q.ports, more...)
	return q
}

package doctor

import "context"

// check is one thing that doctor looks at and judges.
type check interface {
	// look sees what judge needs and no other check looks at.
	look(ctx context.Context, l Look, p *patient)
	judge(p patient) []Finding
}

// checks returns all of them, in the order in which they are read.
func checks() []check {
	return []check{
		judged(engineAnswers), judged(engineWarns), &atBoot{}, &disks{}, judged(memory), &clock{},
		judged(instanceThere), judged(changes), judged(container), judged(ready), judged(account), judged(health), judged(restarts), judged(restartPolicy), judged(openPorts),
		&composeFile{}, judged(env), judged(salt), judged(envMode), judged(leaked), judged(timezone), judged(unfinished), judged(sizingDue), judged(compiled), judged(schedule),
		&lastBackup{}, &newer{}, &stray{}, &address{}, &domain{}, &firewall{}, &network{},
	}
}

// judged is a check that needs no look of its own.
type judged func(patient) []Finding

func (judged) look(context.Context, Look, *patient) {}

func (j judged) judge(p patient) []Finding { return j(p) }

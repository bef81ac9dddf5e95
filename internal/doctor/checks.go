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
		ofMachine(judged(engineAnswers)), hourly(ofMachine(judged(engineWarns))), hourly(ofMachine(&atBoot{})), ofMachine(&disks{}), ofMachine(judged(memory)), ofMachine(&clock{}),
		judged(instanceThere), hourly(judged(changes)), judged(container), judged(ready), judged(account), hourly(&gate{}), judged(health), judged(restarts), judged(restartPolicy), hourly(judged(openPorts)),
		hourly(&composeFile{}), hourly(judged(env)), hourly(judged(salt)), hourly(judged(envMode)), hourly(judged(leaked)), hourly(judged(timezone)), hourly(judged(logs)), judged(unfinished), hourly(judged(sizingDue)), hourly(judged(compiled)), judged(schedule),
		&lastBackup{}, daily(&newer{}), hourly(&upgrades{}), hourly(&stray{}), hourly(&address{}), hourly(&domain{}), hourly(&firewall{}), hourly(&network{}), daily(ofMachine(&hostCare{})),
		hourly(ofMachine(&messages{})),
	}
}

// judged is a check that needs no look of its own.
type judged func(patient) []Finding

func (judged) look(context.Context, Look, *patient) {}

func (j judged) judge(p patient) []Finding { return j(p) }

package publicip

// Rule says why the address matters.
const Rule = "Brokers reject orders from an address that is not registered with them (SEBI rule since 1 April 2026)."

// Stays says how long the address lasts.
func (a Address) Stays() string {
	for _, c := range clouds {
		if c.name == a.Cloud {
			return "On " + c.name + " the address can change when the machine is stopped or replaced, unless it is " + c.keeps + "."
		}
	}
	return "A cloud machine's address can change when it is stopped or replaced, unless it is reserved (Elastic, static or reserved IP)."
}

// Shared says what several instances of one machine have in common.
const Shared = "All instances on this machine have the same address. Some brokers register an address for one client only: ask yours before you run several accounts here."

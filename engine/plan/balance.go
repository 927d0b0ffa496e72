package plan

// Balance says which of the workers with a free slot gets a request.
type Balance string

// The ways to balance.
const (
	BalanceLeastBusy  Balance = "least_busy"  // that with the fewest requests in flight; those with equally many in turn
	BalanceRoundRobin Balance = "round_robin" // each in turn
)

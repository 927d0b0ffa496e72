package plan

// A Balance says which of the workers with a free slot gets a request.
type Balance string

// The ways to balance.
const (
	BalanceLeastBusy  Balance = "least_busy"  // the worker with the fewest requests in flight; ties take turns
	BalanceRoundRobin Balance = "round_robin" // each worker in turn
)

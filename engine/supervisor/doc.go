// Package supervisor owns every pool's worker processes: it starts them,
// restarts those that crash, applies the difference between two plans, and
// publishes the pools once what must be ready is ready. It takes no client
// connection: that is engine/proxy's part, and the two meet in engine/pool.
//
// One goroutine owns each pool's state (group.go); each process has a
// goroutine that sees it through its life (member.go) and reports to the
// former; one goroutine owns the plan in effect (supervisor.go).
package supervisor

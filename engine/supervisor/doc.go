// Package supervisor owns every group's worker processes: it starts them,
// restarts those that crash, applies the difference between two plans, and
// publishes the pools once what must be ready is ready. It takes no client
// connection: that is engine/proxy's part, and the two meet in engine/pool.
//
// One goroutine owns each group's state (group.go); each process has a
// goroutine that sees it through its life (member.go) and reports to the
// former; one goroutine owns the plan in effect (supervisor.go). How a seat of a
// group comes from one worker to the next is one record (succession.go), whether
// the group itself begins that or a plan.
//
// # What another master would need to know
//
// No master takes over the workers of one that lives, but what that would take
// is in two places, so that it stays possible:
//
//   - The view (view.go) is what is in effect: the plan, its generation, the
//     groups, and those that still drain. Nothing else decides what runs.
//   - The runtime directory (runtime.go) has, for each worker, its socket and a
//     record of whose it is: the pid with the start time that proves it. The
//     next master reads them today, to end what a killed one has left.
//
// A worker is waited for by its pid descriptor (engine/worker), which would do
// for one that is no child, too. What ties it to its master is its
// parent-death signal, and the pipes that it prints to.
package supervisor

// Package supervisor owns the worker processes of every group: it starts them,
// restarts those that crash, applies the difference between two plans, and
// publishes the pools once their workers are ready. It handles no client
// connections: that is the job of engine/proxy, and the two packages meet in
// engine/pool.
//
// One goroutine owns the state of each group (group.go). Each process has a
// goroutine that manages its life (member.go) and reports to the group's
// goroutine. One goroutine owns the plan in effect (supervisor.go). A single
// record (succession.go) describes how a seat of a group passes from one worker
// to the next, whether the group or a plan initiates it.
//
// # What another master would need to know
//
// No master takes over the workers of a running one, but the information that a
// takeover would need is in two places, so that it stays possible:
//
//   - The view (view.go) is the state in effect: the plan, its generation, the
//     groups, and the removed groups that are still draining. Nothing else decides
//     what runs.
//   - The runtime directory (runtime.go) holds, for each worker, its socket and a
//     record of its owner: the pid, with the start time that proves it. Today the
//     next master reads these records to kill what a killed master left behind.
//
// The supervisor waits for a worker through a pid descriptor (engine/worker),
// which would also work for a process that is not a child. A worker is tied to
// its master by its parent-death signal and by the pipes that it writes to.
package supervisor

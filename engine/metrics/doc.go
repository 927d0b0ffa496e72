// Package metrics exports a master's metrics to Prometheus: its requests, as
// the proxy observes them; its workers, as the supervisor knows them; and its
// reloads.
//
// Each of these is a separate collector. They keep plain numbers, and turn them
// into metrics only when Prometheus asks: a request costs a few atomic
// additions. The series of a removed group disappear with its last request, and go on from
// the same counts if the group comes back.
package metrics

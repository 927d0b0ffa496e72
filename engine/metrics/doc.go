// Package metrics tells Prometheus about a master: its requests, as the proxy
// observes them, its workers, as the supervisor knows them, and its reloads.
//
// Each is a collector of its own. They keep plain numbers, and make metrics of
// them only when somebody asks: a request costs a few atomic additions, and the
// series of a group that is gone are not there any more.
package metrics

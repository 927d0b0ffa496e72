// Package history keeps what the groups and workers of a master did over time: each
// second of the last 15 minutes, and each minute of the last 24 hours.
//
// One goroutine owns it. Once a second, it looks at the counts of engine/stats and at the
// groups of the supervisor, and keeps what has changed since. Others ask that goroutine.
// What a group or worker has costs memory only for the time that it was there, and at
// most what docs/history.md says.
package history

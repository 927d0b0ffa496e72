// Package plan holds the typed form of a configuration: a Plan, its Groups and
// their Routes, and the difference between two plans.
//
// A plan is immutable once it has been returned by whatever built it; to
// change something, build a new one. The package touches no file, no socket
// and no process: reading a configuration is starlark/config's job and carrying
// out a difference is engine/supervisor's.
package plan

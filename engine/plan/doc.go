// Package plan holds the typed form of a configuration: a Plan, its Groups and
// their Routes, and the difference between two plans.
//
// A plan is immutable once the code that built it has returned it; to change
// something, build a new one. The package touches no files, sockets or
// processes: starlark/config reads configurations, and engine/supervisor
// carries out differences.
package plan

// Package route finds the route of a plan that takes a request: it compiles the
// routes into a table that answers without allocating, and without trying most
// of them.
//
// The configuration language fixes the order: first matchers, in the order
// written; then strings, where the longest literal part comes first and ties go
// in the order written; and "*" last.
package route

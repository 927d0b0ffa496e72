// Package route finds the route of a plan that takes a request: it compiles the
// routes into a table that answers without allocating, and without trying most
// of them.
//
// The language of the configuration fixes the order: matchers as they are
// written, then strings, of which the one with the longest literal part comes
// first and ties go as they are written, and "*" last.
package route

// Package route finds the pool of a request: the string routes of a plan,
// compiled into one table that answers without allocating.
//
// The order is fixed by the configuration language: the longest literal part
// first, ties in the order written, "*" last. Rules that go before the string
// routes are the caller's to ask first.
package route

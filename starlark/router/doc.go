// Package router calls the function that a configuration names with router=
// for each request. It is the one place where the configuration's code runs
// while requests are served, so everything here is about bounds: a call has a
// budget of steps and, beyond that, of time; it sees the request through a
// value that reads on demand and is of no use afterwards; it shares nothing
// with another call but what is frozen; and what it fails on is logged at most
// so often.
//
// The interpreter can be stopped between steps only. Package bound sees to it
// that no single step takes much time or memory, and charges the budget of
// steps for what steps make.
package router

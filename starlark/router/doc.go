// Package router calls the function that a configuration names with router=
// for each request. It is the one place where the configuration's code runs
// while requests are served, so everything here is about bounds: a call has a
// budget of steps and, beyond that, of time; it sees the request through a
// value that reads on demand and is of no use afterwards; it shares nothing
// with another call but what is frozen; and what it fails on is logged at most
// so often.
//
// What cannot be bounded is the memory and the time of a single step of the
// interpreter. Multiplying, which makes much of little, has a limit of its own
// (Guard), and so has range(). What is left is bounded by what it is given: a
// request's head and the configuration's own data. A function that doubles a
// string, again and again, is ended by its budget of time.
package router

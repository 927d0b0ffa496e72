// Package decide decides who answers a request: it asks the router first and
// the routes after it. The proxy, the command explain and the tests of a
// configuration use the same Decider, so that they cannot disagree.
package decide

// Package decide decides who answers a request: it asks the router first, then
// the routes. The proxy, the explain command and the tests of a configuration
// use the same Decider, so that they cannot disagree.
package decide

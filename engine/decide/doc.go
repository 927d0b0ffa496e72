// Package decide says what would become of a request: what the router says of
// it, which route takes it, and why the others do not. The proxy decides by
// the same table and the same router; this is for tests and for people.
package decide

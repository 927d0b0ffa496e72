// Package match decides which requests a route takes.
//
// Each family of matchers stands in one file: what a matcher takes, what it
// says of a request that it does not take, by what an index finds it, and how
// it is written. What relates two families stands in relate.go. A new matcher
// needs a file here, a file with its arguments in starlark/builtin, and a line
// in the list of words there; one that implies or excludes a matcher of another
// family needs a case in relate.go too.
//
// A matcher never changes, and is safe for concurrent use.
package match

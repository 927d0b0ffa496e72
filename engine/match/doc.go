// Package match decides which requests a route takes.
//
// There is one file for each family of matchers: what a matcher takes, what it
// says about a request that it does not take, which keys an index finds it by,
// and how it is written. relate.go holds the relations between families. A new
// matcher needs a file here, a file with its arguments in starlark/builtin, and
// a line in the list of words there; if it implies or excludes a matcher of
// another family, it also needs a case in relate.go.
//
// A matcher never changes, and is safe for concurrent use.
package match

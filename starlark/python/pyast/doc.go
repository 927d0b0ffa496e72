// Package pyast parses Python into nodes with byte offsets, so that a file can
// be rewritten while its comments and layout stay. It knows Python's grammar up
// to 3.14 as far as a configuration may use it; for match and type statements
// it only knows where they begin and end. It does not interpret programs.
package pyast

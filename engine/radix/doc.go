// Package radix finds the literals that are prefixes of a text, with a radix
// tree that is built once and then only read.
package radix

// Package radix finds the literals that a text starts with, by a radix tree that
// is built once and then only read.
package radix

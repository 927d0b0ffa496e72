// Package value holds the types of the configuration language that read
// themselves from a Starlark value: numbers, durations, sizes, addresses,
// lists, secrets. Each has one message for what is wrong, so that the same
// mistake reads the same wherever it is made. What a value is for, and where
// it was written, is its caller's business.
package value

// Package value reads numbers, durations, sizes, addresses, lists and secrets
// from Starlark values. It has one message for each mistake, so that the same
// mistake reads the same everywhere. The caller knows the purpose and the
// position of a value.
package value

// Package config reads a configuration file: it evaluates the Starlark in it,
// within limits, and returns either its plan or everything that is wrong with
// it.
package config

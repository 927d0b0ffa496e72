// Package config reads a configuration file: it evaluates the Starlark in it,
// within limits, and returns the plan that it means or everything that is
// wrong with it.
package config

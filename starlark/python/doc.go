// Package python reads the configurations of the Python version of ldcorn. A
// File knows which of its Python can be blanked without moving a character, so
// that the file runs as it is, and what must be rewritten in Starlark. The
// package evaluates nothing; package builtin holds the values of the names that
// a file imports.
package python

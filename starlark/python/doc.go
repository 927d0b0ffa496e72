// Package python takes the configurations of the Python version of ldcorn. A
// File says what its Python means here: what can be blanked without moving a
// character, so that the file runs as it is, and what has to be rewritten in
// Starlark. It evaluates nothing; the values behind the names that a file
// imports are package builtin's.
package python

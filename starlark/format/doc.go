// Package format formats the text of a configuration in the form that tools for
// Starlark share, which is that of buildifier for files other than BUILD files:
// spaces, line ends, indentation, quotes and commas. It never changes the order
// of anything.
package format

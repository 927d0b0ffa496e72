// Package format lays out the text of a configuration in the one form that
// tools for Starlark share (that of buildifier for files that are no BUILD
// files): blanks, line ends, indentation, quotes and commas, and never the
// order of things.
package format

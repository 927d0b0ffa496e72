// Package diag turns whatever goes wrong while a configuration is read into
// diagnostics for people: a code, a position with a caret, a hint, and the
// calls that led there. It knows Starlark's errors and the Python habits
// behind many of them, and prints diagnostics as text, JSON or GitHub
// annotations. It knows nothing of ldcorn's own words.
package diag

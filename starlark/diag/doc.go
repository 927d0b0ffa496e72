// Package diag turns everything that goes wrong while a configuration is read
// into diagnostics for people: a code, a position with a caret, a hint, and the
// calls that led to the mistake. It knows Starlark's errors and the Python
// habits behind many of them, and prints diagnostics as text, JSON or GitHub
// annotations. It does not know ldcorn's own words.
package diag

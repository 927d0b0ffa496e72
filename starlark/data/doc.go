// Package data reads JSON, YAML and TOML into values of Starlark. It limits the size
// and the depth of what it makes, also where YAML names a value many times. What the
// libraries that it uses take for a text is bounded by the time of the evaluation.
package data

package diag

// The codes of what this package finds. Codes are stable: one is never
// given another meaning.
const (
	CodeTwice     = "L005" // an argument given twice
	CodeSyntax    = "L008" // not Starlark
	CodePython    = "L009" // Python, but not Starlark
	CodeUndefined = "L010" // a name that nothing defines
	CodeEval      = "L011" // failed while it was evaluated
	CodeFrozen    = "L018" // a change to what another file made
	CodeResolve   = "L022" // a statement where it may not stand
)

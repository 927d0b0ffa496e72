package diag

// These are the codes of the mistakes that this package finds. Codes are
// stable: a code never gets another meaning.
const (
	CodeTwice     = "L005" // an argument given twice
	CodeSyntax    = "L008" // not Starlark
	CodePython    = "L009" // Python, but not Starlark
	CodeUndefined = "L010" // a name that nothing defines
	CodeEval      = "L011" // failed while it was evaluated
	CodeFrozen    = "L018" // a change to a value of another file
	CodeResolve   = "L022" // a statement in a place where it is not allowed
)

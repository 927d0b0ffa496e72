package builtin

// The codes of what this package finds. Codes are stable: one is never
// given another meaning.
const (
	codeUnknown  = "L001" // an argument that the word does not have
	codeType     = "L002" // a value of the wrong type
	codeMissing  = "L003" // an argument that must be given
	codeValue    = "L004" // a value that breaks its argument's rule
	codeTwice    = "L005" // an argument given by place and by name
	codeTooMany  = "L006" // more arguments by place than there are
	codeUnsetEnv = "L012" // an environment variable that is not set
	codeBadEnv   = "L013" // an environment variable that does not hold what is read
	codeRoute    = "L019" // a route that is none
	codeUvicorn  = "L020" // an option or variable of Uvicorn that ldcorn sets
	codeRouter   = "L033" // a router that cannot be called with a request
	codeSecret   = "L021" // a secret that cannot be read
	codeTruth    = "L025" // a matcher where its truth is asked for
	codeHeader   = "L024" // a header that cannot be edited, or not so
)

package builtin

// These are the codes of the mistakes that this package finds. Codes are
// stable: a code never gets another meaning.
const (
	codeUnknown  = "L001" // an argument that the word does not have
	codeType     = "L002" // a value of the wrong type
	codeMissing  = "L003" // an argument that must be given
	codeValue    = "L004" // a value that breaks the rule of its argument
	codeTwice    = "L005" // an argument given by position and by name
	codeTooMany  = "L006" // too many positional arguments
	codeUnsetEnv = "L012" // an environment variable that is not set
	codeBadEnv   = "L013" // an environment variable whose value cannot be read
	codeRoute    = "L019" // an invalid route
	codeUvicorn  = "L020" // a Uvicorn option or variable that ldcorn sets
	codeRouter   = "L033" // a router that cannot be called with a request
	codeSecret   = "L021" // a secret that cannot be read
	codeUnit     = "W114" // a plain number that most likely has another unit
	codeOneByOne = "W118" // a rate that lets in requests one by one, because it has no burst
	codeTruth    = "L025" // a matcher used as a truth value
	codeHeader   = "L024" // a header that cannot be edited in this way
	codeData     = "L035" // a file of data that cannot be read
	codeSet      = "L028" // a value that an argument cannot be set to
	codeDefaults = "L029" // an argument with two defaults
)

package http1

// Limits bound a head. Every number must be positive.
type Limits struct {
	MaxHead   int // bytes of a complete head, including its final empty line; more is 431
	MaxLine   int // bytes of the first line without its CRLF; more is 414, as is a line that does not end within MaxHead
	MaxFields int // number of fields; more is 431
	// Underscores means that a request's fields with "_" in their names are
	// forwarded, except for those that an app could mistake for one with a
	// Kind.
	Underscores bool
}

// DefaultLimits are the limits that Parse uses for nil.
var DefaultLimits = Limits{
	MaxHead:   64 << 10,
	MaxLine:   64 << 10,
	MaxFields: 128,
}

const (
	maxEmptyLines  = 4       // CRLFs skipped before a request line
	maxNominations = 16      // fields named by Connection
	maxExtension   = 1 << 10 // bytes of a chunk's extensions
	maxWaste       = 16 << 10
	maxTrailers    = 8 << 10 // bytes of all trailers
)

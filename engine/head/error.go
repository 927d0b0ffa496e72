package head

// An Error is a refusal of a head or a body. All values are created once: a
// caller can compare them with == and use Reason as a metric label.
type Error struct {
	Status int    // status to answer with
	Reason string // short and fixed, without input; safe to show and to log

	gateway *Error
}

func (e *Error) Error() string { return e.Reason }

// Gateway returns the same fault as a fault of a worker's answer, with status
// 502. It returns e if that already is one.
func (e *Error) Gateway() *Error {
	if e.gateway == nil {
		return e
	}
	return e.gateway
}

// Refuse returns a new Error. It is only for the initialization of variables.
func Refuse(status int, reason string) *Error {
	return &Error{Status: status, Reason: reason, gateway: &Error{Status: 502, Reason: reason}}
}

// Refusals that can occur in any version of HTTP. They are read-only.
var (
	ErrFieldName   = Refuse(400, "field name is not a token")
	ErrNameLong    = Refuse(431, "field name too long")
	ErrManyFields  = Refuse(431, "too many fields")
	ErrControl     = Refuse(400, "control byte in a line")
	errMethod      = Refuse(400, "method is not a token")
	errMethodDeny  = Refuse(405, "method not allowed")
	errTarget      = Refuse(400, "malformed target")
	errFragment    = Refuse(400, "fragment in the target")
	errBackslash   = Refuse(400, "backslash in the path")
	errEscape      = Refuse(400, "broken escape in the target")
	errDotSegment  = Refuse(400, "dot segment in the path")
	errNoHost      = Refuse(400, "no host field")
	errHosts       = Refuse(400, "more than one host field")
	errHost        = Refuse(400, "malformed host")
	errLength      = Refuse(400, "malformed content-length")
	errLengths     = Refuse(400, "more than one content-length")
	errTrailerName = Refuse(400, "trailer names a framing field")
	errExpect      = Refuse(417, "unknown expectation")
)

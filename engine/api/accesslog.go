package api

import (
	"strings"
	"time"
)

// An AccessLog is what the access log of a master has. It is the answer to GET and POST
// /v1/access-log.
type AccessLog struct {
	FormatVersion int            `json:"format_version"`
	Logs          []AccessLogFor `json:"logs"`           // of all requests, and then those of groups that differ
	Since         time.Time      `json:"since,omitzero"` // when it was changed; absent if it is as the configuration says
}

// An AccessLogFor is what the access log has of some requests.
type AccessLogFor struct {
	Group  string   `json:"group,omitempty"`  // "" stands for all others
	To     string   `json:"to"`               // "off", "terminal", "stdout" or the path of a file
	Format string   `json:"format"`           // "text" or "json"
	Fields []string `json:"fields,omitempty"` // absent means those of the format
}

// The places of an access log that are not files.
const (
	AccessLogOff      = "off"
	AccessLogTerminal = "terminal" // if a person has started the master at one
	AccessLogStdout   = "stdout"
)

// String says what is logged, without whose requests.
func (a *AccessLogFor) String() string {
	out := ""
	switch a.To {
	case AccessLogOff:
		return "off"
	case AccessLogTerminal:
		return "off, except on a terminal"
	case AccessLogStdout:
		out = a.Format + " to standard output"
	default:
		out = a.Format + " to " + a.To
	}
	if a.Fields != nil {
		out += ": " + strings.Join(a.Fields, ", ")
	}
	return out
}

// An AccessLogRequest asks for another access log until the next reload. It is the body of
// POST /v1/access-log.
type AccessLogRequest struct {
	Group  string   `json:"group,omitempty"`  // "" means all requests
	On     *bool    `json:"on,omitempty"`     // whether there are lines
	Format string   `json:"format,omitempty"` // "text" or "json"
	Fields []string `json:"fields,omitempty"` // AccessLogDefaultFields alone means those of the format
	Reset  bool     `json:"reset,omitempty"`  // take back what was changed; nothing else may be set but Group
}

// AccessLogDefaultFields stands for the fields of a format.
const AccessLogDefaultFields = "default"

// String says what is asked for, as the command line does.
func (r *AccessLogRequest) String() string {
	var words []string
	if r.On != nil {
		words = append(words, map[bool]string{true: "on", false: "off"}[*r.On])
	}
	if r.Format != "" {
		words = append(words, r.Format)
	}
	if r.Fields != nil {
		words = append(words, "--fields "+strings.Join(r.Fields, ","))
	}
	if r.Reset {
		words = append(words, "--reset")
	}
	if r.Group != "" {
		words = append(words, "--group "+r.Group)
	}
	return strings.Join(words, " ")
}

package plan

import "strconv"

// An AccessLog says where a line for each request goes: an absolute path, or
// one of the constants.
type AccessLog string

// The access logs that are no file.
const (
	AccessLogOff    AccessLog = ""
	AccessLogStdout AccessLog = "-"
)

// String writes it as the configuration does.
func (a AccessLog) String() string {
	switch a {
	case AccessLogOff:
		return "False"
	case AccessLogStdout:
		return "True"
	}
	return strconv.Quote(string(a))
}

// A LogFormat is the form of the access log's lines.
type LogFormat string

// The formats.
const (
	LogText LogFormat = "text" // Apache's combined format and name=value pairs
	LogJSON LogFormat = "json" // an object on each line
)

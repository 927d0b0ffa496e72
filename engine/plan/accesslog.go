package plan

import "strconv"

// An AccessLog says where the line for each request is written: an absolute
// path, or one of the constants.
type AccessLog string

// The access logs that are not files.
const (
	AccessLogAuto   AccessLog = "" // nowhere, except on the terminal of a person
	AccessLogOff    AccessLog = "off"
	AccessLogStdout AccessLog = "-"
)

// accessLogNames are what the argument is called elsewhere. It is read-only.
var accessLogNames = []string{"accesslog", "access_logs", "access_logfile", "access_log_file"}

// String returns the value as the configuration writes it.
func (a AccessLog) String() string {
	switch a {
	case AccessLogAuto:
		return "None"
	case AccessLogOff:
		return "False"
	case AccessLogStdout:
		return "True"
	}
	return strconv.Quote(string(a))
}

// A LogFormat is the format of the access log's lines.
type LogFormat string

// The formats.
const (
	LogText LogFormat = "text" // Apache's combined format and name=value pairs
	LogJSON LogFormat = "json" // an object on each line
)

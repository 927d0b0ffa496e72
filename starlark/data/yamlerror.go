package data

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// syntaxError returns the error for a text that is not YAML. The library finds a
// bracket or a quote without an end only where something else has to follow, so the
// error is about the place where it begins.
func syntaxError(text string, load *yaml.LoadError) *Error {
	begin := &Error{Line: load.ContextMark.Line, Col: max(load.ContextMark.Column, 1)}
	before := fmt.Sprintf("before line %d, column %d", load.Mark.Line, max(load.Mark.Column, 1))
	switch load.ContextMsg {
	case "while parsing a flow sequence":
		begin.Message = "a , or ] is missing after this [, " + before
		return begin
	case "while parsing a flow mapping":
		begin.Message = "a , or } is missing after this {, " + before
		return begin
	case "while scanning a quoted scalar":
		if load.Message == "found unexpected end of stream" {
			begin.Message = "this quote has no end"
			return begin
		}
	case "while parsing a flow node":
		if open := lastOpen(text, load.Mark.Line); open >= 0 {
			return at(text, open, "this %c has no end", text[open])
		}
	}
	return &Error{Line: load.Mark.Line, Col: max(load.Mark.Column, min(load.Mark.Line, 1)), Message: load.Message}
}

// lastOpen returns the index of the bracket with which a text ends, or -1. The error
// must be behind it, on some line.
func lastOpen(text string, line int) int {
	trimmed := strings.TrimRight(text, " \t\r\n")
	last := len(trimmed) - 1
	if last < 0 || trimmed[last] != '[' && trimmed[last] != '{' || line <= strings.Count(trimmed, "\n") {
		return -1
	}
	return last
}

package http1

import (
	"bytes"

	"github.com/ldcorn/ldcorn/engine/head"
)

// readLine reads the request line and the empty lines before it. It returns 0
// if more bytes must arrive.
//
// The order of its checks makes the result independent of how the bytes were
// split: it first rejects a byte that no line can contain, as soon as that
// arrives, then checks the length, and then parses a complete line.
func (r *Request) readLine(buf []byte, maxLine int) (next int, err *head.Error) {
	c := &r.cursor
	for c.line < len(buf) && c.at == c.line && buf[c.line] == '\r' {
		if c.empty == maxEmptyLines {
			return 0, errEmptyLines
		}
		if next, err = lineEnd(buf, c.line); next == 0 {
			return 0, err
		}
		c.empty++
		c.next(next)
	}
	limit := c.line + maxLine
	c.at = asciiEnd(buf[:min(len(buf), limit)], c.at)
	switch {
	case c.at == len(buf):
		return 0, nil
	case c.at == limit && buf[limit] != '\r':
		return 0, errLineLong
	}
	if next, err = lineEnd(buf, c.at); next == 0 {
		return 0, err
	}
	if err = r.parseLine(buf[c.line:c.at]); err != nil {
		return 0, err
	}
	c.stage = stageFields
	c.next(next)
	return next, nil
}

// parseLine parses a complete request line without control bytes.
func (r *Request) parseLine(line []byte) *head.Error {
	i := bytes.IndexByte(line, ' ')
	j := bytes.LastIndexByte(line, ' ')
	if i <= 0 || j <= i+1 {
		return errRequestLine
	}
	method, target, version := line[:i], line[i+1:j], line[j+1:]
	if bytes.IndexByte(target, ' ') >= 0 {
		return errRequestLine
	}
	minor, err := parseVersion(version)
	if err != nil {
		return err
	}
	r.Minor, r.Proto = minor, protos[minor]
	if err := r.SetMethod(method); err != nil {
		if r.Method != nil {
			r.Target = target // for the log
		}
		return err
	}
	return r.SetTarget(target)
}

var protos = [...]string{"HTTP/1.0", "HTTP/1.1"}

// parseVersion returns the minor version of HTTP/1.0 or HTTP/1.1. It returns 1
// for later minor versions: a server treats them as the highest minor version
// that it knows (RFC 9110 §2.5). It distinguishes another major version of HTTP
// from text that is not a version.
func parseVersion(v []byte) (minor int, err *head.Error) {
	const prefix = "HTTP/"
	switch string(v) {
	case "HTTP/1.1":
		return 1, nil
	case "HTTP/1.0":
		return 0, nil
	}
	if len(v) == len("HTTP/1.1") && string(v[:len(v)-1]) == "HTTP/1." && head.IsDigit(v[len(v)-1]) {
		return 1, nil
	}
	if len(v) <= len(prefix) || string(v[:len(prefix)]) != prefix || !head.IsDigit(v[len(prefix)]) {
		return 0, errRequestLine
	}
	for _, c := range v[len(prefix):] {
		if !head.IsDigit(c) && c != '.' {
			return 0, errRequestLine
		}
	}
	return 0, errVersion
}

package http1

import "bytes"

// readLine reads the request line and the empty lines before it. It returns
// 0 when more bytes must come.
//
// The order of its checks keeps the answer the same however the bytes were
// split: first a byte that no line may hold, as soon as it is there, then the
// length, then, of a whole line, what it says.
func (r *Request) readLine(buf []byte, maxLine int) (next int, err *Error) {
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

// parseLine reads a whole request line, which holds no control byte.
func (r *Request) parseLine(line []byte) *Error {
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
	if !isToken(method) {
		return errMethod
	}
	r.Minor, r.Method, r.Target = minor, method, target
	// Methods are case-sensitive, but what comes after us may not know that.
	if len(method) == 5 && EqualFold(method, "trace") || len(method) == 7 && EqualFold(method, "connect") {
		return errMethodDeny
	}
	return r.parseTarget()
}

// parseVersion returns the minor version of HTTP/1.0 and HTTP/1.1, and that of
// the latter for a later one: a server treats it as the highest minor version
// it knows (RFC 9110 §2.5). What looks like another version of HTTP is told
// from what is none.
func parseVersion(v []byte) (minor int, err *Error) {
	const prefix = "HTTP/"
	switch string(v) {
	case "HTTP/1.1":
		return 1, nil
	case "HTTP/1.0":
		return 0, nil
	}
	if len(v) == len("HTTP/1.1") && string(v[:len(v)-1]) == "HTTP/1." && isDigit(v[len(v)-1]) {
		return 1, nil
	}
	if len(v) <= len(prefix) || string(v[:len(prefix)]) != prefix || !isDigit(v[len(prefix)]) {
		return 0, errRequestLine
	}
	for _, c := range v[len(prefix):] {
		if !isDigit(c) && c != '.' {
			return 0, errRequestLine
		}
	}
	return 0, errVersion
}

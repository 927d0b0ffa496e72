package static

import (
	"bytes"
	"net/http"
	"time"

	"github.com/ldcorn/ldcorn/engine/head"
)

// conditions are the fields of a request that its answer depends on.
type conditions struct {
	ifMatch, ifNoneMatch                              bool // there is such a field
	matches, noneMatches                              bool // an element of it is that of the file
	unmodifiedSince, modifiedSince, ifRange, rangeSet sole
}

// A sole is a field that counts only if there is one of it.
type sole struct {
	value []byte
	count int
}

func (s *sole) add(value []byte) { s.value, s.count = value, s.count+1 }

// conditionsOf reads the fields of a request for a file.
func conditionsOf(r *head.Request, f *File) (c conditions) {
	for i := range r.Fields {
		field := &r.Fields[i]
		if n := len(field.Name); n < len("range") || n > len("if-unmodified-since") || field.Name[0]|0x20 != 'i' && field.Name[0]|0x20 != 'r' {
			continue // most fields
		}
		switch {
		case isField(field, "range"):
			c.rangeSet.add(field.Value)
		case isField(field, "if-none-match"):
			c.ifNoneMatch = true
			c.noneMatches = c.noneMatches || hasTag(field.Value, f.ETag, weakly)
		case isField(field, "if-modified-since"):
			c.modifiedSince.add(field.Value)
		case isField(field, "if-range"):
			c.ifRange.add(field.Value)
		case isField(field, "if-match"):
			c.ifMatch = true
			c.matches = c.matches || hasTag(field.Value, f.ETag, strongly)
		case isField(field, "if-unmodified-since"):
			c.unmodifiedSince.add(field.Value)
		}
	}
	return c
}

// evaluate returns the status that the conditions lead to: 200, 304 or 412 (RFC 9110
// section 13.2.2).
func (c *conditions) evaluate(f *File) int {
	switch {
	case c.ifMatch && !c.matches:
		return http.StatusPreconditionFailed
	case !c.ifMatch && c.unmodifiedSince.count == 1 && f.changedSince(c.unmodifiedSince.value):
		return http.StatusPreconditionFailed
	case c.ifNoneMatch && c.noneMatches:
		return http.StatusNotModified
	case !c.ifNoneMatch && c.modifiedSince.count == 1 && f.unchangedSince(c.modifiedSince.value):
		return http.StatusNotModified
	}
	return http.StatusOK
}

// wantsRange reports whether the Range of the request counts (RFC 9110 section
// 13.1.5).
func (c *conditions) wantsRange(f *File) bool {
	switch tag := c.ifRange.value; {
	case c.rangeSet.count != 1 || c.ifRange.count > 1:
		return false
	case c.ifRange.count == 0:
		return true
	case !f.isStrong() || len(tag) == 0:
		return false
	case tag[0] == '"':
		return string(tag) == f.ETag
	}
	return string(c.ifRange.value) == f.Modified
}

// changedSince reports whether the file has changed after a date, and that the date
// is one.
func (f *File) changedSince(date []byte) bool {
	at, ok := f.compare(date)
	return ok && at > 0
}

// unchangedSince reports whether the file has not changed after a date, and that the
// date is one.
func (f *File) unchangedSince(date []byte) bool {
	if len(date) > 0 && string(date) == f.Modified { // most clients send what they got
		return true
	}
	at, ok := f.compare(date)
	return ok && at <= 0
}

// compare compares the time of the file's last change with a date.
func (f *File) compare(date []byte) (order int, ok bool) {
	if f.Modified == "" || len(date) > maxDate {
		return 0, false
	}
	at, err := http.ParseTime(string(date))
	if err != nil {
		return 0, false
	}
	return time.Unix(f.changed, 0).Compare(at), true
}

const maxDate = 64 // bytes, more than any form of a date has

const (
	strongly = false // only tags that are not weak are equal
	weakly   = true
)

// hasTag reports whether a list of entity tags has one that is equal to tag, or is
// "*" (RFC 9110 section 8.8.3.2). What is not a list of them has none behind its first
// mistake.
func hasTag(list []byte, tag string, weak bool) bool {
	if string(list) == "*" {
		return true
	}
	isWeak := tag[0] == 'W'
	opaque := tag
	if isWeak {
		opaque = tag[2:]
	}
	for {
		list = bytes.TrimLeft(list, " \t,")
		rest, weakOne := bytes.CutPrefix(list, weakPrefix)
		if len(rest) < 2 || rest[0] != '"' {
			return false
		}
		end := bytes.IndexByte(rest[1:], '"')
		if end < 0 {
			return false
		}
		if string(rest[:end+2]) == opaque && (weak || !weakOne && !isWeak) {
			return true
		}
		list = rest[end+2:]
	}
}

var weakPrefix = []byte("W/")

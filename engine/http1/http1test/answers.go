package http1test

import "strings"

// A BadAnswer is the head of a worker's answer that no client must see. The
// client gets a 502.
type BadAnswer struct {
	In  string // what the worker sends
	Why string // the rule it breaks
}

// Answer returns a correct head of an answer with additional field lines.
func Answer(lines string) string { return "HTTP/1.1 200 OK\r\n" + lines + "\r\n" }

// BadAnswers are heads that are malformed or have two framings. To extend the
// list, add one entry. It is read-only.
var BadAnswers = []BadAnswer{
	{"\r\n" + Answer(""), "RFC 9112 §2.2 is about requests only: these are leftover bytes"},
	{"HTTP/1.1 200 OK\n\r\n", "bare line feed"},
	{"HTTP/1.1 200 OK\r\nX: a\n\r\n", "bare line feed"},
	{"HTTP/1.1 200 O\rK\r\n\r\n", "bare carriage return: response splitting"},
	{"HTTP/1.1 200 O\x00K\r\n\r\n", "NUL"},
	{"HTTP/1.1 20 OK\r\n\r\n", "RFC 9112 §4: three digits"},
	{"HTTP/1.1 2000 OK\r\n\r\n", "RFC 9112 §4: three digits"},
	{"HTTP/1.1 099 OK\r\n\r\n", "RFC 9110 §15: from 100"},
	{"HTTP/1.1 2x0 OK\r\n\r\n", "RFC 9112 §4: three digits"},
	{"HTTP/1.1 +20 OK\r\n\r\n", "RFC 9112 §4: three digits"},
	{"HTTP/1.1  200 OK\r\n\r\n", "RFC 9112 §4: single spaces"},
	{"HTTP/1.1\t200 OK\r\n\r\n", "RFC 9112 §4: spaces"},
	{"HTTP/1.1 200\tOK\r\n\r\n", "RFC 9112 §4: spaces"},
	{"HTTP/1.1\r\n\r\n", "no status"},
	{"HTTP/2.0 200 OK\r\n\r\n", "another version"},
	{"HTTP/1.10 200 OK\r\n\r\n", "one digit"},
	{"ICY 200 OK\r\n\r\n", "another protocol"},
	{"http/1.1 200 OK\r\n\r\n", "case matters"},
	{"Internal error: something broke\r\n", "a traceback on the socket"},
	{Answer("Content-Length: 5\r\nContent-Length: 6\r\n"), "RFC 9112 §6.3: response splitting"},
	{Answer("Content-Length: 5, 5\r\n"), "RFC 9112 §6.3"},
	{Answer("Content-Length: -1\r\n"), "RFC 9110 §8.6"},
	{Answer("Content-Length:\r\n"), "RFC 9110 §8.6"},
	{Answer("Content-Length: 5\r\nContent-Length: 05\r\n"), "equal is byte for byte"},
	{Answer("Content-Length: 5\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n"), "chunked would win, but lengths that differ are response splitting"},
	{Answer("Transfer-Encoding: chunked\r\nContent-Length: x\r\n"), "chunked would win, but nobody sends this answer on purpose"},
	{Answer("Content-Length: 5\r\nTransfer-Encoding: gzip\r\n"), "a length does not make an unknown coding known"},
	{Answer("Transfer-Encoding: gzip, chunked\r\n"), "no TE was offered: RFC 9112 §7.4"},
	{Answer("Transfer-Encoding: identity\r\n"), "RFC 9112 §7.4"},
	{Answer("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "RFC 9112 §6.1"},
	{"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "RFC 9112 §6.1"},
	{Answer("X : a\r\n"), "RFC 9112 §5.1"},
	{Answer("X: a\r\n b\r\n"), "RFC 9112 §5.2"},
	{Answer(": a\r\n"), "empty name"},
	{Answer("X\r\n"), "no colon"},
	{Answer("X: a\rSet-Cookie: b\r\n"), "response splitting"},
	{Answer("Trailer: Content-Length\r\n"), "RFC 9110 §6.5.1"},
	{Answer(strings.Repeat("X: a\r\n", 1001)), "over 1,000 fields"},
	{"HTTP/1.1 200 " + strings.Repeat("a", 64<<10) + "\r\n\r\n", "status line over 64 KiB"},
	{Answer("X: " + strings.Repeat("a", 128<<10) + "\r\n"), "head over 128 KiB"},
}

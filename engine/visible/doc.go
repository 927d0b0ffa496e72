// Package visible makes text from elsewhere harmless to a terminal and to a
// line of a log: what a worker prints, a client sends, a configuration or the
// environment holds, or another program answers.
//
// A control character is shown as what it is instead of sent: a C0 control as
// \x1b, DEL, a C1 control, a line separator, or a character that turns the
// direction of writing as \u202e, and a byte that is no UTF-8 as \xff. A
// backslash stays as it is. Line ends and tabs pass in texts, and not in
// strings that are to be part of a line.
//
// Colours are the exception. A sequence that only sets colours (ESC [ … m,
// which standards call SGR) passes where the reader is a terminal with
// colours, and is left out elsewhere.
package visible

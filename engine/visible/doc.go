// Package visible makes foreign text safe for a terminal and for a line of a
// log: what a worker prints, a client sends, a configuration or the environment
// contains, or another program answers.
//
// It shows control characters instead of sending them: a C0 control as \x1b;
// DEL, a C1 control, a line separator, or a character that changes the
// direction of writing as \u202e; and a byte that is not UTF-8 as \xff. A
// backslash stays as it is. Line ends and tabs pass in texts, but not in
// strings that become part of a line.
//
// Colors are an exception. A sequence that only sets colors (ESC [ … m, which
// standards call SGR) passes if the reader is a terminal with colors, and is
// removed otherwise.
package visible

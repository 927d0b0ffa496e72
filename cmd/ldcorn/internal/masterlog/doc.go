// Package masterlog writes the log of a master: its own records and the output
// of its workers and of its configuration. The log goes to standard error and
// to a book that commands read. No control character in that output reaches
// either.
package masterlog

// Package logwriter writes the lines of a log from a goroutine of its own, so
// that callers never wait for a full disk, a suspended terminal, or a pipe that
// nobody reads. The lines that wait are bounded; lines beyond the bound are
// lost and counted.
package logwriter

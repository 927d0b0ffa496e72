// Package logbook keeps the latest lines of a master's log, including those of
// its workers, for readers that ask later or follow. What it keeps is bounded,
// and writers never wait for readers: a reader that is too slow loses lines,
// and learns how many.
package logbook

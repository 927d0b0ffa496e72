// Package logbook keeps the newest lines of a master's log, those of its
// workers among them, for whoever asks later or follows. What it keeps is
// bounded, and who writes never waits for who reads: a reader that is too slow
// loses lines, and learns how many.
package logbook

// Package logwriter writes the lines of a log from a goroutine of its own, so
// that whoever logs never waits for a full disk, for a terminal that is held,
// or for a pipe that nobody reads. The lines that wait are bounded; beyond
// that bound lines are lost, and counted.
package logwriter

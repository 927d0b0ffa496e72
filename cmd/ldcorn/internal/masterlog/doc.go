// Package masterlog writes the log of a master: what the master logs, what its
// workers print, and what its configuration prints, on standard error and in a
// book that commands read. No control character of theirs reaches either.
package masterlog

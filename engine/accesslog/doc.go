// Package accesslog writes a line for each request that the proxy has dealt
// with. The event loops only format lines into a bounded buffer; one
// goroutine writes them, so that a full disk or a pipe that nobody reads
// costs lines, which are counted, and never a request.
package accesslog

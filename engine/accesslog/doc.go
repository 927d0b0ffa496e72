// Package accesslog writes a line for each request that the proxy has
// processed. The event loops only format lines into a bounded buffer, and one
// goroutine writes them. So a full disk or a pipe that nobody reads costs
// lines, which are counted, but never a request.
package accesslog

// Package ratelimit counts requests and says which of them come too fast.
//
// It is the generic cell rate algorithm: for each key a Limit knows a
// theoretical arrival time, which each request that is let in moves on by the
// interval of the rate. A request is let in if that time is at most the burst
// ahead of the present.
//
// The times are in a table of a fixed size, in sets of a few entries. The hash
// of a key is keyed with a random number, so that clients cannot choose keys of
// one set. What holds as long as the keys that have requests to make good for
// find room in the table: each of them gets exactly its limit. Beyond that, a
// new key takes over the entry of its set that is the furthest behind, together
// with its time. So whoever invents keys can have new keys refused, but an entry
// never lets in more than one limit does: nobody gets rid of a limit by filling
// the table, and all requests together never exceed the limit times the entries.
package ratelimit

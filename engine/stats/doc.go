// Package stats counts requests and their times for each group and each of its
// seats. The metrics, the status and the history of a master read them.
//
// Counting a request costs a few atomic additions. Readers get plain numbers,
// which are added up only when they are read.
package stats

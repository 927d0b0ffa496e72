// Package stats counts requests and their times, for each group and for each
// seat of it. Metrics and the status of a master read it.
//
// A request costs a few atomic additions. Whoever reads gets plain numbers,
// which are added up only then.
package stats

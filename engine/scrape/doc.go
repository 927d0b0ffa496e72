// Package scrape asks workers for the metrics of their apps, and joins the answers into
// one page for Prometheus: each worker's own, or the sum of a group.
//
// A sum never falls. What a worker has counted when it ends is carried on: the worker is
// asked once more before it is told to stop, and one that crashes counts with what it
// answered last.
package scrape

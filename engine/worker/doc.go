// Package worker runs one Uvicorn process: it finds the interpreter, determines
// Uvicorn's version, builds the command line and the environment, starts the
// process, reports when it is ready, stops it, and reports why it exited.
//
// It knows nothing about groups, restarts or reloads: engine/supervisor decides
// when a worker starts and stops.
package worker

// Package worker runs one Uvicorn process: it finds the interpreter, learns
// Uvicorn's version, builds the command line and the environment, starts the
// process, says when it is ready, stops it, and says why it ended.
//
// It knows nothing of groups, restarts or reloads: engine/supervisor decides
// when a worker starts and stops.
package worker

// Package router calls the function that a configuration names with router= for
// each request. It is the only place where code of the configuration runs while
// requests are served, so it limits everything. A call has a budget of steps
// and, beyond that, of time. It reads the request through a value that reads on
// demand and is useless afterwards. It shares only frozen values with other
// calls. The rate at which its failures are logged is limited.
//
// The interpreter can only be stopped between steps. Package bound ensures that
// no single step takes much time or memory, and charges the step budget for the
// data that a step makes.
package router

// Package harness provides what the tests that run the real ldcorn share: the
// program itself, a Python with Uvicorn, a browser, the processes that a test has
// started, and waits. Only tests import it.
package harness

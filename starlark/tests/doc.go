// Package tests runs the tests of a configuration: functions that ask how
// ldcorn would handle a request and compare that with an expectation. It starts
// nothing, and decides about requests as the proxy does.
package tests

// Package tests runs the tests of a configuration: functions that ask what
// would become of a request, and say what must. It starts nothing; requests
// are decided about as the proxy does it.
package tests

//go:build !linux

package proc

// KeepPorts does nothing on systems without capabilities.
func KeepPorts() {}

//go:build !linux

package installed

// image is not known: the system does not lead to the file that runs.
const image = ""

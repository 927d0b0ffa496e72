// Package near finds the name that was most likely meant by one that nobody knows.
package near

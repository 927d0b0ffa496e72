// Package unit writes the units of systemd that run a configuration as a service. It
// reads nothing but what it is given, and facts about the machine.
package unit

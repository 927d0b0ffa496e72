// Package affinity binds the clients of a group to the workers that have their
// sessions: by a signed cookie of ldcorn's own, which names a seat, or by the
// ids that workers give to sessions, which are learnt from their answers. It
// knows neither pools nor connections.
package affinity

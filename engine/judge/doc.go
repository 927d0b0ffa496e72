// Package judge judges what a master sees: how good states and events are, and what is
// wrong now, with its cause. It is the one place for that: ldcorn status, ps and top, the
// dashboard and the metrics only show it.
//
// A Judge looks once a second at what others have counted. Requests do nothing for it,
// except for those that fail in an app, of which it notes the newest.
package judge

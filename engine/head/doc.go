// Package head holds the head of a request, as it is the same in every version
// of HTTP: what matchers, routers and the proxy read, and what a codec such as
// engine/http1 fills. It also knows the fields that heads have, and checks what
// a head says as strictly in one version as in another.
package head

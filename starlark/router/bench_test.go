package router_test

import (
	"testing"
)

const benched = `
TENANTS = {"acme": "gold"}
PAGE = respond(503, "back soon")

def lookups(req):
    if req.path == "/old":
        return redirect("/new", 308)
    pool = TENANTS.get(req.header("x-tenant", ""))
    if pool:
        return pool
    return None

def both(req):
    return TENANTS.get(req.header("x-tenant")) or TENANTS.get(req.cookie("tenant"))

def edits(req):
    pool = TENANTS.get(req.header("x-tenant", ""))
    return to(pool, key = req.path) if pool else None

def page(req):
    return PAGE

def made(req):
    return respond(503, "back soon", headers = {"Retry-After": "60"})

def nothing(req):
    return None

HOSTS = ["a.example.com", "example.com"]
SHARDS = {0: "web", 1: "gold"}

def ordinary(req):
    host = req.host.lower()
    if host not in HOSTS or req.path.startswith("/static/"):
        return None
    parts = req.path.split("/")
    tenant = req.header("x-tenant", "none")
    if parts[1] == "api" and tenant != parts[2]:
        return to(SHARDS.get(hash(tenant) % 2), key = tenant + ":" + parts[2])
    return "web"

def endless(req):
    if req.header("x-tenant") != "acme":
        return None
    for i in range(1000000):
        pass
`

// BenchmarkRoute measures each function on one core and on all.
func BenchmarkRoute(b *testing.B) {
	for _, name := range []string{"nothing", "lookups", "both", "edits", "page", "made", "ordinary", "endless"} {
		rt := routerOf(b, benched, name, nil)
		line := []string{"Host: example.com", "Accept: */*", "Cookie: a=b; tenant=acme", "X-Tenant: acme"}
		b.Run(name, func(b *testing.B) {
			req := sample(b, "GET /api/users/17?page=2", line...)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = rt.Route(req)
			}
		})
		b.Run(name+"/parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				req := sample(b, "GET /api/users/17?page=2", line...)
				for pb.Next() {
					_, _ = rt.Route(req)
				}
			})
		})
	}
}

package metrics

import "github.com/prometheus/client_golang/prometheus"

// Connections collects the connections of clients, and which were refused before their
// first request.
type Connections struct {
	open    func() map[string]int
	refused func() map[string]uint64
}

// NewConnections returns a collector of what open and refused return: how many connections
// each listener has, by its address, and how many were refused because of the PROXY
// protocol, by reason.
func NewConnections(open func() map[string]int, refused func() map[string]uint64) *Connections {
	return &Connections{open, refused}
}

var (
	openDesc    = desc("client_connections", "Connections of clients that are open, also those that are idle and those of websockets.", "listener")
	headersDesc = desc("proxy_protocol_refusals_total", "Connections refused because of the PROXY protocol, by reason.", "reason")
)

// Describe implements prometheus.Collector.
func (*Connections) Describe(out chan<- *prometheus.Desc) {
	out <- openDesc
	out <- headersDesc
}

// Collect implements prometheus.Collector.
func (c *Connections) Collect(out chan<- prometheus.Metric) {
	for listener, n := range c.open() {
		out <- gauge(openDesc, float64(n), listener)
	}
	for reason, n := range c.refused() {
		out <- counter(headersDesc, n, reason)
	}
}

package metrics

import "github.com/prometheus/client_golang/prometheus"

// Connections collects which connections were refused before their first request.
type Connections struct{ refused func() map[string]uint64 }

// NewConnections returns a collector of what refused returns: how many connections were
// refused because of the PROXY protocol, by reason.
func NewConnections(refused func() map[string]uint64) *Connections { return &Connections{refused} }

var headersDesc = desc("proxy_protocol_refusals_total", "Connections refused because of the PROXY protocol, by reason.", "reason")

// Describe implements prometheus.Collector.
func (*Connections) Describe(out chan<- *prometheus.Desc) { out <- headersDesc }

// Collect implements prometheus.Collector.
func (c *Connections) Collect(out chan<- prometheus.Metric) {
	for reason, n := range c.refused() {
		out <- counter(headersDesc, n, reason)
	}
}

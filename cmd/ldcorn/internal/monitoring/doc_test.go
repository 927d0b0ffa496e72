// Package monitoring has only tests, which hold the rules and the dashboard in
// examples/prometheus against promtool, the schema of Grafana and a running master.
package monitoring

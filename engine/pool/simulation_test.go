package pool

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// The simulation shows how disciplines of the queue do under load. With
// -sim.table, TestSimulation runs more cases and prints their results, with
// those of disciplines that were considered:
//
//	go test ./engine/pool -run TestSimulation -v -sim.table

var simTable = flag.Bool("sim.table", false, "print the table of TestSimulation")

// A simDiscipline is an order of the queue; set, if not nil, changes that of the
// pool.
type simDiscipline struct {
	name  string
	queue plan.Discipline
	set   func(*sim)
}

var (
	simFIFO     = simDiscipline{name: "fifo", queue: plan.DisciplineFIFO}
	simAdaptive = simDiscipline{name: "adaptive"}
	// Always the newest.
	simNewest = simDiscipline{name: "newest", set: func(s *sim) {
		s.before = func() {
			s.pool.overload = overload{on: true, lost: 1, claims: s.pool.stats.Claims, waited: s.pool.stats.Waited}
		}
	}}
	// The newest once the oldest has waited for half a second.
	simCrude = simDiscipline{name: "after 0.5s", set: func(s *sim) {
		s.before = func() {
			head := oldest(s.pool)
			s.pool.overload = overload{lost: 1, claims: s.pool.stats.Claims, waited: s.pool.stats.Waited}
			s.pool.overload.on = head != nil && s.now.Sub(head.since) > time.Second/2
		}
	}}
)

// A simService draws times of service whose mean is 1.
type simService struct {
	name string
	draw func(*rand.Rand) float64
}

var simServices = []simService{
	{"constant", func(*rand.Rand) float64 { return 1 }},
	{"exponential", (*rand.Rand).ExpFloat64},
	{"1 in 20 takes 50 x", func(rng *rand.Rand) float64 {
		const mean = 19./20 + 50./20
		if rng.IntN(20) == 0 {
			return 50 / mean
		}
		return 1 / mean
	}},
}

const simMean = 50 * time.Millisecond // of all services

// A simCase is a load on a group, in parts of its capacity.
type simCase struct {
	servers  int
	service  simService
	patience time.Duration
	load     float64
}

type simResult struct {
	goodput     float64 // answered requests, in parts of the capacity
	median, p99 time.Duration
}

// run makes requests arrive at random moments, first a few at half of the
// capacity, and then n at the load.
func (c simCase) run(n int, with simDiscipline) simResult {
	s := newSim(&plan.Group{MaxReqPerWorker: 1, Queue: with.queue}, c.servers)
	if with.set != nil {
		with.set(s)
	}
	rng, at := draws(), netloop.Time(1)
	quiet := 200
	var from netloop.Time
	for i := range quiet + n {
		load := c.load
		if i < quiet {
			load = 0.5
		} else if i == quiet {
			from = at
		}
		at = at.Add(1 + time.Duration(rng.ExpFloat64()*float64(simMean)/load/float64(c.servers)))
		s.add(&simRequest{arrives: at, service: time.Duration(c.service.draw(rng) * float64(simMean)), patience: c.patience})
	}
	s.run()
	good := 0
	for _, r := range s.answered {
		if r.arrives > from {
			good++
		}
	}
	capacity := float64(at.Sub(from)) * float64(c.servers) / float64(simMean)
	times := s.times()
	return simResult{float64(good) / capacity, times[len(times)/2], times[len(times)*99/100]}
}

func TestSimulation(t *testing.T) {
	n, servers, patiences, loads := 20000, []int{1}, []int{2}, []float64{0.95, 1.2, 3}
	disciplines := []simDiscipline{simFIFO, simAdaptive}
	if *simTable {
		n, servers, patiences = 40000, []int{1, 4}, []int{1, 2, 5, 30}
		loads = []float64{0.5, 0.8, 0.95, 1, 1.2, 2, 3, 5}
		disciplines = append(disciplines, simNewest, simCrude)
	}
	for _, servers := range servers {
		for _, service := range simServices {
			for _, patience := range patiences {
				var table strings.Builder
				for _, load := range loads {
					c := simCase{servers, service, time.Duration(patience) * time.Second, load}
					fmt.Fprintf(&table, "\n%4.2f", load)
					var results []simResult
					for _, d := range disciplines {
						r := c.run(n, d)
						results = append(results, r)
						fmt.Fprintf(&table, " | %s %.3f %5d ms %5d ms", d.name, r.goodput, r.median.Milliseconds(), r.p99.Milliseconds())
					}
					c.check(t, results[0], results[1])
				}
				if *simTable {
					t.Logf("%s, patience %d s, servers %d:%s", service.name, patience, servers, table.String())
				}
			}
		}
	}
}

// check compares the adaptive queue with FIFO.
func (c simCase) check(t *testing.T, fifo, adaptive simResult) {
	t.Helper()
	name := fmt.Sprintf("%d servers, %s, patience %s, load %v", c.servers, c.service.name, c.patience, c.load)
	switch {
	case c.load < 1:
		assert.GreaterOrEqual(t, adaptive.goodput, fifo.goodput*0.99, "%s: it costs less than one percent", name)
	case c.load >= 3 && c.patience <= 5*time.Second:
		assert.Greater(t, adaptive.goodput, 0.95, name)
		assert.Less(t, adaptive.median, 3*simMean, name)
	case c.load > 1:
		assert.Greater(t, adaptive.goodput, min(0.9, fifo.goodput*0.95), name)
	}
}

// oldest returns the first claim of a queue that has only one lane, or nil.
func oldest(p *Pool) *Claim {
	for _, r := range p.queue.rows {
		for _, l := range r.lanes.items {
			return l.head
		}
	}
	return nil
}

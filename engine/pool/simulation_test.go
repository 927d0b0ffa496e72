package pool

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// The simulation shows how disciplines of the queue do under load. With -v,
// TestSimulation prints its results. With -sim.table, it runs more cases, which
// takes minutes, and other disciplines that were considered:
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
			setOverload(s.pool, s.pool.tenant(s.pool.level(0), &Claim{}), true)
		}
	}}
	// The newest once the oldest has waited for half a second.
	simCrude = simDiscipline{name: "after 0.5s", set: func(s *sim) {
		s.before = func() {
			head := oldest(s.pool)
			setOverload(s.pool, s.pool.tenant(s.pool.level(0), &Claim{}), head != nil && s.now.Sub(head.since) > time.Second/2)
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
				if testing.Verbose() {
					t.Logf("%s, patience %d s, servers %d:%s", service.name, patience, servers, table.String())
				}
			}
		}
	}
}

// patient adds clients that repeat a request as soon as they have its answer,
// until a time. It returns how often each got an answer, and the longest wait.
func (s *sim) patient(n int, from, until netloop.Time, key uint64) (answers []int, longest *time.Duration) {
	answers, longest = make([]int, n), new(time.Duration)
	for i := range n {
		var ask func(at netloop.Time)
		ask = func(at netloop.Time) {
			r := &simRequest{arrives: at, service: simMean, claim: Claim{Fair: key}}
			r.then = func() {
				answers[i]++
				*longest = max(*longest, r.started.Sub(r.arrives))
				if s.now < until {
					ask(s.now + 1)
				}
			}
			s.add(r)
		}
		ask(from + netloop.Time(i))
	}
	return answers, longest
}

// leave adds clients that leave after a time, n together each time.
func (s *sim) leave(n int, at netloop.Time, after time.Duration, key uint64) {
	for range n {
		s.add(&simRequest{arrives: at, service: simMean, patience: after, claim: Claim{Fair: key}})
	}
}

// TestPatientClients: clients that leave soon do not change the order for those
// that stay until it is their turn, and many of them do not for long.
func TestPatientClients(t *testing.T) {
	const n = 60
	const second = netloop.Time(time.Second)
	for _, c := range []struct {
		name  string
		fair  plan.Group
		leave func(s *sim)
	}{
		{"a burst", plan.Group{}, func(s *sim) { s.leave(45, 20*second, 100*time.Millisecond, 0) }},
		{"a burst that stays", plan.Group{}, func(s *sim) { s.leave(500, 20*second, time.Second, 0) }},
		{"bursts", plan.Group{}, func(s *sim) {
			for at := 10 * second; at < 60*second; at += second {
				s.leave(45, at, 10*time.Millisecond, 0)
			}
		}},
		{"8 a second", plan.Group{}, func(s *sim) {
			for at := 10 * second; at < 60*second; at += second / 8 {
				s.leave(1, at, 20*time.Millisecond, 0)
			}
		}},
		{"100 a second", plan.Group{}, func(s *sim) {
			for at := 10 * second; at < 60*second; at += second / 100 {
				s.leave(1, at, 20*time.Millisecond, 0)
			}
		}},
		{"another key", plan.Group{Fair: byIP}, func(s *sim) { s.load(10*second, 2000, 3, simRequest{patience: 2 * time.Second, claim: Claim{Fair: 2}}) }},
	} {
		c.fair.MaxReqPerWorker = 1
		s := newSim(&c.fair, 1)
		answers, longest := s.patient(n, 1, 60*second, 1)
		c.leave(s)
		var last netloop.Time
		s.before = func() {
			for ; len(s.served) > 0; s.served = s.served[1:] {
				if r := s.served[0]; r.then != nil {
					require.Greater(t, r.arrives, last, "%s: first come, first served", c.name)
					last = r.arrives
				}
			}
		}
		s.run()
		assert.LessOrEqual(t, slices.Max(answers)-slices.Min(answers), 1, c.name)
		assert.Less(t, *longest, 4*n*simMean, c.name)
	}
}

// TestPatientAndImpatient: of clients that stay and clients that leave, the
// workers do no work in vain, and those that stay get their answers.
func TestPatientAndImpatient(t *testing.T) {
	for _, c := range []struct {
		patient, impatient float64
		longest            time.Duration
	}{{0.05, 1.5, time.Minute}, {0.3, 1.5, time.Minute}, {0.6, 3, time.Minute}, {0.9, 3, 2 * time.Minute}} {
		s := newSim(&plan.Group{MaxReqPerWorker: 1}, 1)
		end := s.load(1, int(10000*c.impatient), c.impatient, simRequest{patience: 2 * time.Second})
		s.load(1, int(10000*c.patient), c.patient, simRequest{})
		s.run()
		assert.Greater(t, float64(len(s.answered))*float64(simMean)/float64(end), 0.85, "%+v", c)
		var longest time.Duration
		for _, r := range s.answered {
			if r.patience == 0 {
				longest = max(longest, r.started.Sub(r.arrives))
			}
		}
		assert.Less(t, longest, c.longest, "%+v", c)
	}
}

// TestOverloadIsNoticedSoon: also by a pool that had free slots until then.
func TestOverloadIsNoticedSoon(t *testing.T) {
	for _, load := range []float64{2, 3, 10} {
		s := newSim(&plan.Group{MaxReqPerWorker: 1}, 1)
		busy := s.load(1, 500, 0.3, simRequest{patience: 2 * time.Second})
		s.load(busy, 4000, load, simRequest{patience: 2 * time.Second})
		var noticed netloop.Time
		s.before = func() {
			if noticed == 0 && s.pool.overloaded() {
				noticed = s.now
			}
		}
		s.run()
		assert.NotZero(t, noticed)
		assert.Less(t, noticed.Sub(busy), 8*time.Second, load)
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

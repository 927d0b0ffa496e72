package pool

import (
	"slices"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func (m *model) gentle() bool {
	return m.plan.MaxReqPerWorker == 0 && m.plan.Balance == plan.BalanceLeastBusy
}

// welcome makes newcomers of workers that join others which stay.
func (m *model) welcome(add, remove []*modelWorker) {
	if len(add) == 0 {
		return
	}
	stay := slices.ContainsFunc(m.workers, func(w *modelWorker) bool { return !slices.Contains(remove, w) })
	for _, w := range m.workers {
		w.joining, w.unended = false, 0
	}
	for _, w := range add {
		w.joining = stay && m.gentle()
	}
}

// counted ends the time of a newcomer that has got a request, if it is busier now than the
// least busy of the others.
func (m *model) counted(w *modelWorker) {
	w.unended++
	old, _, _ := m.leastBusy(nil)
	if m.gentle() && len(old) > 0 && w.busy() > old[0].busy() {
		w.joining = false
	}
}

// leastBusy returns the least busy workers of those that were there, of newcomers, and of
// those that should answer first.
func (m *model) leastBusy(avoid *modelWorker) (old, young, unproven []*modelWorker) {
	least := func(all []*modelWorker, w *modelWorker) []*modelWorker {
		switch {
		case len(all) == 0 || w.busy() < all[0].busy():
			return []*modelWorker{w}
		case w.busy() == all[0].busy():
			return append(all, w)
		}
		return all
	}
	for _, w := range m.workers {
		switch {
		case w == avoid || !m.hasSlot(w):
		case !w.proven && w.busy() >= freshSlots:
			unproven = least(unproven, w)
		case w.joining:
			young = least(young, w)
		default:
			old = least(old, w)
		}
	}
	return old, young, unproven
}

// bestGently is best where newcomers take turns with the others. It does not say whose turn
// it is.
func (m *model) bestGently(avoid *modelWorker) []*modelWorker {
	old, young, unproven := m.leastBusy(avoid)
	if len(old) == 0 {
		if len(young) > 0 {
			return young
		}
		return unproven
	}
	if len(young) > 0 && young[0].busy() > old[0].busy() {
		young = nil
	}
	if len(young) == 0 && len(unproven) > 0 && unproven[0].busy()*unprovenPart < old[0].busy() {
		young = unproven
	}
	return append(old, young...)
}

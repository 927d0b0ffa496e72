package api

// A Notification is what a hook of on_event learns of an event: its program reads it, and
// its address gets it as the body of a POST.
type Notification struct {
	Event
	Host   string `json:"host"`   // the name of the machine
	Master int    `json:"master"` // the pid of the master
	Config string `json:"config"` // the path of its configuration
	// Dropped is how many events came before that this hook should have got: they were too
	// many, or the hook has failed. It is absent if there are none.
	Dropped uint64 `json:"dropped,omitempty"`
}

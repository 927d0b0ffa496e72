package history

import "time"

// born is the origin of elapsed where the system has no clock for it.
var born = time.Now()

package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/judge"
)

const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
)

// moodColors are the colors of moods. They are read-only.
var moodColors = map[api.Mood]string{api.MoodGood: green, api.MoodWarn: yellow, api.MoodBad: red}

// stateColor returns the color of the state of a worker.
func stateColor(cell string) string {
	word, _, _ := strings.Cut(cell, " ")
	return moodColors[judge.StateMood(api.WorkerState(word))]
}

// readyColor returns the color of a number of ready workers, such as 1/2.
func readyColor(cell string) string {
	var ready, wanted int
	_, _ = fmt.Sscanf(cell, "%d/%d", &ready, &wanted) // groupColumns has written it
	return moodColors[judge.ReadyMood(ready, wanted)]
}

// writeIncidents prints what is wrong, with an empty line after it, or nothing.
func writeIncidents(w io.Writer, incidents []api.Incident, now time.Time, look terminal.Look) error {
	var b strings.Builder
	for i := range incidents {
		in := &incidents[i]
		text := terminal.Wrap("!  "+strings.Join(judge.Lines(in, now), "\n   "), look.Width)
		if look.Color {
			text = moodColors[in.Mood] + strings.ReplaceAll(text, "\n", reset+"\n"+moodColors[in.Mood]) + reset
		}
		b.WriteString(text + "\n")
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

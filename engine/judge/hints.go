package judge

import "fmt"

// The commands that the advice of an incident names are only here, so that a test can try
// each of them with the command line.

func showRequests(group string) string { return "ldcorn ps " + group + " shows them" }

func showWorker(group string, worker int) string {
	return fmt.Sprintf("ldcorn ps %s --worker %d shows what waits in it", group, worker)
}

func showTracebacks(group string) string { return "ldcorn logs " + group + " shows the tracebacks" }

func showWords(group string) string {
	return "ldcorn events " + group + " shows the last words of each, ldcorn logs " + group + " all of them"
}

func showMemory() string { return "ldcorn top shows RSS over time" }

func showWhyNone(group string) string {
	return "ldcorn status and ldcorn events " + group + " show why"
}

func showSharers() string { return "ldcorn status shows which groups share it" }

func replaceWorker(group string, worker int) string {
	return fmt.Sprintf("ldcorn restart %s.%d replaces it", group, worker)
}

func replaceWorkers(group string) string { return "ldcorn restart " + group + " replaces its workers" }

func tryAgain(group string) string { return "ldcorn restart " + group + " tries again" }

func letGo(group string) string { return "ldcorn release " + group + " lets them go on" }

func addWorker(group string, now int) string {
	return fmt.Sprintf("ldcorn scale %s=%d adds a worker", group, now+1)
}

// Hints returns all that incidents can advise with commands, for a group with a number of
// workers, one of which is meant.
func Hints(group string, worker, workers int) []string {
	return []string{showRequests(group), showWorker(group, worker), showTracebacks(group), showWords(group), showMemory(), showWhyNone(group),
		showSharers(), replaceWorker(group, worker), replaceWorkers(group), tryAgain(group), letGo(group), addWorker(group, workers)}
}

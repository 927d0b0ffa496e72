package watch

// warn logs, once, what keeps changes from being noticed as they should be.
func (w *Watcher) warn() {
	if w.notify.short {
		w.warnOnce("inotify", "the system watches no more folders", "reason", "fs.inotify.max_user_watches is reached; ldcorn looks at the files in the others itself, which costs more",
			"hint", "sudo sysctl fs.inotify.max_user_watches=524288")
	}
	for _, t := range w.trees {
		if t.cut {
			w.warnOnce(t.path, "too many folders to watch all of them", "folder", t.path, "limit", w.opts.MaxFolders,
				"hint", "name the folder of the app with cwd=, or what is not code in .gitignore")
		}
	}
}

func (w *Watcher) warnOnce(key, message string, attrs ...any) {
	if !w.told[key] {
		w.told[key] = true
		w.opts.Log.Warn(message, attrs...)
	}
}

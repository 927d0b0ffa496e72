package project

import (
	"path"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// settingsVariable names the settings of Django in the environment.
const settingsVariable = "DJANGO_SETTINGS_MODULE"

// addDjango completes the apps of Django: they need the name of their settings,
// which asgi.py usually sets. A project without asgi.py is served by the function
// that makes the app.
func (l *look) addDjango() {
	for i := range l.p.Apps {
		a := &l.p.Apps[i]
		if strings.HasPrefix(a.Framework, "Django") && a.module.settings() == "" {
			if manage := l.manage(a.Cwd); manage != nil {
				a.Settings = manage.settings()
			}
		}
	}
	for _, m := range l.modules {
		if path.Base(m.path) != "manage.py" || m.settings() == "" || isAside(m) {
			continue
		}
		has := slices.ContainsFunc(l.p.Apps, func(a App) bool {
			return strings.HasPrefix(a.Framework, "Django") && a.Cwd == m.folder()
		})
		if !has {
			l.p.Apps = append(l.p.Apps, App{
				Name: "django.core.asgi:get_asgi_application", Factory: true, Framework: "Django", At: m.path,
				Cwd: m.folder(), Settings: m.settings(), variable: "get_asgi_application", module: m,
			})
		}
	}
}

// manage returns manage.py of a folder, or nil.
func (l *look) manage(folder string) *module {
	for _, m := range l.modules {
		if m.path == path.Join(folder, "manage.py") {
			return m
		}
	}
	return nil
}

// settings returns the name of the settings of Django that a module sets in the
// environment, or "".
func (m *module) settings() string {
	found := ""
	pyast.Walk(m.file, func(n *pyast.Node) bool {
		switch n.Kind {
		case pyast.Call: // os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site.settings")
			if key, ok := m.literal(n.Kid(1)); ok && key == settingsVariable && found == "" {
				found, _ = m.literal(n.Kid(2))
			}
		case pyast.Assign: // os.environ["DJANGO_SETTINGS_MODULE"] = "site.settings"
			if n.Kid(0).Kind == pyast.Index && found == "" {
				if key, ok := m.literal(n.Kid(0).Kid(1)); ok && key == settingsVariable {
					found, _ = m.literal(n.Kid(-1))
				}
			}
		}
		return true
	})
	return found
}

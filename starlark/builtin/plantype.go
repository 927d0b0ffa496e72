package builtin

import (
	"strings"
	"sync"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// PlanType returns the type of the result of t.plan.
var PlanType = sync.OnceValue(func() Type {
	t := Type{
		Name: "Plan",
		Doc:  "The configuration, evaluated with other variables and arguments. It has the arguments of LdConfig as attributes. A plan with errors has no other attributes than `errors` and `warnings`.",
		Properties: []Property{
			{"errors", "list[str]", "The errors, as \"L012: environment variable X is not set\". A plan with errors is a failure of the test, unless the test uses this.", []string{"error", "diagnostics"}},
			{"warnings", "list[str]", "The warnings, in the same form.", nil},
			{"groups", "list[PlanGroup]", "The groups, in the order of the configuration.", []string{"workers", "pools"}},
		},
	}
	t.Properties = append(t.Properties, propertiesOf(plan.PlanAttributes)...)
	test := TestType()
	for _, m := range test.Methods {
		if m.Name == "route" {
			m.Doc = "Decides a request as t.route does, with the router and the routes of this plan."
			t.Methods = append(t.Methods, m)
		}
	}
	t.Methods = append(t.Methods, Word{Name: "group", Returns: "PlanGroup", Doc: "The group with a name, which must exist.",
		Arguments: []Argument{{Name: "name", Type: "str", Required: true, Doc: "The name.", Example: `"web"`}}})
	return t
})

// PlanGroupType returns the type of a group of a Plan.
var PlanGroupType = sync.OnceValue(func() Type {
	return Type{
		Name:       "PlanGroup",
		Doc:        "A group of a Plan. It has the arguments of WorkerGroup as attributes. `env` is a dict, in which secrets stay secrets, and `routes` has the routes as they are written.",
		Properties: propertiesOf(plan.GroupAttributes),
	}
})

// propertiesOf returns a property for each attribute that is part of a plan.
func propertiesOf[T any](attributes []plan.Attribute[T]) (out []Property) {
	for _, a := range attributes {
		if a.Show == nil {
			continue
		}
		first, _, _ := strings.Cut(a.Doc, ". ")
		out = append(out, Property{a.Name, propertyType(a), strings.TrimSuffix(first, ".") + ".", nil})
	}
	return out
}

// propertyType returns the type of an attribute of a Plan or a PlanGroup: durations
// are seconds, sizes are bytes, and what can only be made is the text that makes it.
func propertyType[T any](a plan.Attribute[T]) string {
	optional := ""
	if strings.HasSuffix(a.Type, "| None") {
		optional = " | None"
	}
	switch kind := strings.TrimSuffix(a.Type, " | None"); {
	case a.Name == "env":
		return "dict[str, str | secret]"
	case a.Name == "routes":
		return "list[str]"
	case kind == "duration":
		return "float" + optional
	case kind == "size":
		return "int" + optional
	case kind == "int", kind == "bool", kind == "str", kind == "list[str]":
		return kind + optional
	}
	return "any"
}

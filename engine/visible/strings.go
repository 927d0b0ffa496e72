package visible

import "reflect"

// Strings makes every string safe, as Text does, in the value that v points to:
// for data that another program has sent. It includes the keys of maps.
func Strings(v any) { walk(reflect.ValueOf(v)) }

func walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem())
		}
	case reflect.Interface:
		if v.IsNil() {
			return
		}
		inner := reflect.New(v.Elem().Type()).Elem()
		inner.Set(v.Elem())
		walk(inner)
		if v.CanSet() {
			v.Set(inner)
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString(Text(v.String()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			walk(v.Index(i))
		}
	case reflect.Map:
		walkMap(v)
	}
}

func walkMap(m reflect.Value) {
	for _, key := range m.MapKeys() {
		k, val := reflect.New(key.Type()).Elem(), reflect.New(m.Type().Elem()).Elem()
		k.Set(key)
		val.Set(m.MapIndex(key))
		walk(k)
		walk(val)
		m.SetMapIndex(key, reflect.Value{})
		m.SetMapIndex(k, val)
	}
}

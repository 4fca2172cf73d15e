package config

import (
	"strings"

	"tenfour/source"
	"tenfour/value/field"
	"tenfour/value/secret"
)

// lines is a table of field lines, a name and a value each.
type lines struct {
	p       *[]Field
	several bool // a name may have an array of values
	check   func(name string) error
}

func (l lines) set(n *node, bad *problems) {
	*l.p = nil
	if n.kind != table {
		bad.of(n, `write a table of field names with their values, such as { X-Name = "value" }`)
		return
	}
	seen := map[string]bool{}
	for _, m := range n.members {
		name := strings.ToLower(m.key)
		switch err := l.check(m.key); {
		case err != nil:
			bad.add(problem{m.at, m.value.name(), err.Error()})
		case seen[name]:
			bad.add(problem{m.at, m.value.name(), "named twice: field names have no case"})
		}
		seen[name] = true
		if m.value.kind == array && !l.several {
			bad.of(m.value, "write one value")
			continue
		}
		for _, v := range m.value.texts() {
			if v.kind != quoted {
				bad.of(v, `write a value in quotes`)
			} else if err := field.CheckValue(v.text); err != nil {
				bad.of(v, "%v", err)
			} else {
				*l.p = append(*l.p, Field{m.key, v.text})
			}
		}
	}
}

// toml has the values that may be credentials left out.
func (l lines) toml() string {
	var fields []string
	for i := 0; i < len(*l.p); {
		name := (*l.p)[i].Name
		var values []string
		for ; i < len(*l.p) && (*l.p)[i].Name == name; i++ {
			v := (*l.p)[i].Value
			if secret.IsIn(name) && !strings.HasPrefix(v, source.Env) {
				v = "***"
			}
			values = append(values, quote(v))
		}
		joined := strings.Join(values, ", ")
		if len(values) > 1 {
			joined = "[" + joined + "]"
		}
		fields = append(fields, quoteKey(name)+" = "+joined)
	}
	if len(fields) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(fields, ", ") + " }"
}

// quoteKey is a key as a file has it.
func quoteKey(key string) string {
	bare := key != ""
	for _, c := range []byte(key) {
		bare = bare && (isAlphanumeric(c) || c == '-' || c == '_')
	}
	if bare {
		return key
	}
	return quote(key)
}

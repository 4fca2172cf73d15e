package explain

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// rulesOfParser returns every rule of httpparse/refusal.go: the strings that begin with a section.
func rulesOfParser(t *testing.T) (rules []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../httpparse/refusal.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
			if rule, err := strconv.Unquote(text.Value); err == nil && strings.HasPrefix(rule, "RFC ") {
				rules = append(rules, rule)
			}
		}
		return true
	})
	if len(rules) < 50 {
		t.Fatalf("found %d rules in refusal.go, want all of them: is it written in another way?", len(rules))
	}
	return rules
}

func TestMeanings_areOfEveryRuleOfTheParser(t *testing.T) {
	known := map[string]bool{}
	for _, rule := range rulesOfParser(t) {
		section, words, ok := strings.Cut(rule, ": ")
		if !ok || !strings.Contains(section, "§") {
			t.Errorf("%q has no section and words", rule)
		}
		known[words] = true
		if meaningOf(words) == "" {
			t.Errorf("flaws.go says nothing of %q: which attack or mistake is it?", words)
		}
	}
	for words := range meanings {
		if !known[words] {
			t.Errorf("flaws.go has %q, which is no rule of httpparse", words)
		}
	}
}

package jobs

import "testing"

func TestWithBody_withAKeyTheBodyMustAgree(t *testing.T) {
	j := Job{Request: Request{Keyed: true}, Dedupe: Dedupe{Key: HashOf([]byte("key")), Body: HashOf([]byte("POST /"))}}
	one, other := j.WithBody(HashOf([]byte("1"))), j.WithBody(HashOf([]byte("2")))
	if one.Dedupe.Key != other.Dedupe.Key || one.Dedupe.Body == other.Dedupe.Body {
		t.Errorf("two bodies with one key are %v and %v", one.Dedupe, other.Dedupe)
	}
	j.Dedupe.Body = HashOf([]byte("PUT /"))
	if again := j.WithBody(HashOf([]byte("1"))); again.Dedupe.Body == one.Dedupe.Body {
		t.Error("two requests of one key and body, and another method, are the same")
	}
}

func TestWithBody_withoutAKeyItIsAPartOfWhatIsCompared(t *testing.T) {
	j := Job{Dedupe: Dedupe{Key: HashOf([]byte("GET /"))}}
	if one, other := j.WithBody(HashOf([]byte("1"))), j.WithBody(HashOf([]byte("2"))); one.Dedupe.Key == other.Dedupe.Key {
		t.Error("two bodies are the same request")
	}
	if j.Dedupe.Key = (Hash{}); j.WithBody(HashOf([]byte("1"))).Dedupe != (Dedupe{}) {
		t.Error("a request that is joined to none has a key")
	}
}

func TestHashParts_knowsWhereEachEnds(t *testing.T) {
	if HashParts([]byte("ab"), []byte("c")) == HashParts([]byte("a"), []byte("bc")) {
		t.Error("ab, c and a, bc are the same")
	}
}

package forward

import (
	"testing"

	"tenfour/httpparse"
	"tenfour/value/choice"
)

// asked makes a race that has asked n backends of four. None of them has answered.
func asked(mode choice.Race, verb httpparse.Verb, n int) *race {
	req := &Request{}
	req.Head.Verb = verb
	r := &race{x: &Exchange{}, route: &Route{Settings: &Settings{Racing: Racing{Mode: mode}}}, request: req, entries: make([]Entry, 4)}
	for range n {
		c := &racer{race: r}
		c.req = req
		r.racers = append(r.racers, c)
	}
	return r
}

// TestRace_decidesAboutAResponseThatCannotBeHeld: the first racer has an unusable response that is larger than may be held.
func TestRace_decidesAboutAResponseThatCannotBeHeld(t *testing.T) {
	const get, post = httpparse.Get, httpparse.Post
	tests := map[string]struct {
		verb          httpparse.Verb
		before        func(r *race)
		place, stream bool
		want          fate
		again         bool // its backend may be asked once more
	}{
		"another racer still runs, and there is a place to wait":  {get, nil, true, false, isPaused, false},
		"there is no place, and a GET may be sent again":          {get, nil, false, false, isBeaten, true},
		"there is no place, and a POST may not":                   {post, nil, false, false, isAnswer, false},
		"there is no place, which an event stream needs":          {post, nil, false, true, isBeaten, false},
		"it is the last one that runs":                            {get, func(r *race) { r.racers[1].isOver = true }, false, false, isAnswer, false},
		"it is the last one, and an event stream without a place": {get, func(r *race) { r.racers[1].isOver = true }, false, true, isBeaten, false},
		"it is the last one, and there is a place":                {get, func(r *race) { r.racers[1].isOver = true }, true, false, isAnswer, false},
		"it is the last one, and an event stream with a place":    {get, func(r *race) { r.racers[1].isOver = true }, true, true, isAnswer, false},
		"another one waits with such a response":                  {get, func(r *race) { r.large = r.racers[1] }, true, false, isBeaten, false},
		"there is a whole response":                               {get, func(r *race) { r.bestOf = r.racers[1] }, true, false, isBeaten, false},
		"the race is decided":                                     {get, func(r *race) { r.decided = true }, true, false, isBeaten, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := asked(choice.Parallel, tc.verb, 2)
			if tc.before != nil {
				tc.before(r)
			}
			c := r.racers[0]
			if got := r.fateOfLarge(c, tc.place, tc.stream); got != tc.want || (r.again == c) != tc.again {
				t.Errorf("got fate %d, again %t; want %d, %t", got, r.again == c, tc.want, tc.again)
			}
			if c.won != (tc.want == isAnswer) || tc.want == isPaused && r.large != c {
				t.Errorf("won %t, waits %t", c.won, r.large == c)
			}
		})
	}
}

// TestRace_cutsOffAllButTheWinner: also a response that was whole, and one that waits.
func TestRace_cutsOffAllButTheWinner(t *testing.T) {
	r := asked(choice.Parallel, httpparse.Get, 4)
	r.racers[1].isOver, r.bestOf = true, r.racers[1]
	r.large = r.racers[2]
	r.decide(r.racers[0])
	if !r.decided || r.bestOf != nil || len(r.cut) != 2 || r.cut[0] != r.racers[2] || r.cut[1] != r.racers[3] {
		t.Errorf("decided %t, a whole response is kept: %t, %d are cut off", r.decided, r.bestOf != nil, len(r.cut))
	}
}

func TestRace_asksTheNextBackendInPlaceOfOneThatFailed(t *testing.T) {
	tests := map[string]struct {
		mode   choice.Race
		asked  int
		before func(r *race)
		want   bool
	}{
		"serial, the only one":                     {choice.Serial, 1, nil, true},
		"serial, another may still have an answer": {choice.Serial, 2, nil, false},
		"hedge, another may still have an answer":  {choice.Hedge, 3, nil, true},
		"all were asked":                           {choice.Hedge, 4, nil, false},
		"it has failed before":                     {choice.Serial, 1, func(r *race) { r.racers[0].failed = true }, false},
		"the race is decided":                      {choice.Serial, 1, func(r *race) { r.decided = true }, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := asked(tc.mode, httpparse.Get, tc.asked)
			r.x.Init(newLot(t), nil)
			r.x.Stop, r.x.At = r.x.attempt.stop, &r.racers[0].place
			if tc.before != nil {
				tc.before(r)
			}
			next := r.failed(r.racers[0])
			if r.timer != nil {
				r.timer.Stop()
			}
			if (next != nil) != tc.want || !r.racers[0].failed {
				t.Errorf("a further backend is asked: %t, want %t", next != nil, tc.want)
			}
		})
	}
}

// TestSending_repeatsOnlyWhatIsSafe: after a backend had some of it.
func TestSending_repeatsOnlyWhatIsSafe(t *testing.T) {
	tests := map[string]struct {
		verb    httpparse.Verb
		framing httpparse.Framing
		whole   bool
		resend  int
		want    int // how often it goes out again
	}{
		"a GET, once":                    {httpparse.Get, httpparse.NoBody, false, 1, 1},
		"a GET, as often as is set":      {httpparse.Get, httpparse.NoBody, false, 3, 3},
		"a GET, if it is not to":         {httpparse.Get, httpparse.NoBody, false, 0, 0},
		"a POST, never":                  {httpparse.Post, httpparse.NoBody, false, 3, 0},
		"a PUT whose body is held":       {httpparse.Put, httpparse.Length, true, 1, 1},
		"a PUT whose body has streamed":  {httpparse.Put, httpparse.Length, false, 1, 0},
		"an unknown method, which is no": {httpparse.OtherVerb, httpparse.NoBody, false, 1, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			x := &Exchange{}
			x.Init(newLot(t), nil)
			x.Head.Verb, x.Head.Framing, x.BodyWhole = tc.verb, tc.framing, tc.whole
			x.Route = &Route{Settings: &Settings{Resend: tc.resend}}
			n := 0
			for x.attempt.up.repeats(&x.Request) {
				n++
			}
			if n != tc.want {
				t.Errorf("it goes out again %d times, want %d", n, tc.want)
			}
		})
	}
}

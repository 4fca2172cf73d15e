package callback

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"tenfour/jobs"
	"tenfour/value/secret"
	"tenfour/value/target"

	"github.com/rs/zerolog"
)

// attempt sends a callback once, writes how it went into its record, and gives it back to the queue.
func (s *Sender) attempt(c *call) {
	job, err := s.c.Store.Get(c.id)
	switch {
	case errors.Is(err, jobs.ErrUnknown):
		s.end(c)
		return
	case err != nil:
		s.unwritten(c, c.told, fmt.Errorf("read its record: %w", err))
		return
	case c.told != nil:
		s.record(c, *c.told)
		return
	case job.Callback.State != jobs.CallbackDue: // its job was run again
		s.end(c)
		return
	case job.Callback.Next.After(s.c.now()):
		s.again(c, job.Callback.Next)
		return
	}
	if why := s.receiverFails(c); why != "" && s.giveUpLate(c, job, why) {
		return
	}
	answer := s.send(job)
	if s.ctx.Err() != nil && answer.Status == 0 {
		s.again(c, job.Callback.Next) // Stop has cut it: that is no fault of the receiver, and the record stays as it is
		return
	}
	s.count(c, answer)
	s.record(c, told{job.Callback.Since, answer})
}

// receiverFails returns what the last attempt at c's receiver failed with; "" if it did not.
func (s *Sender) receiverFails(c *call) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.to.failure
}

// giveUpLate gives up a callback whose day is over, if its receiver fails anyway, and reports whether it has. Each attempt at a receiver that
// hangs takes half a minute, and thousands could be due.
func (s *Sender) giveUpLate(c *call, job jobs.Job, why string) bool {
	after, err := jobs.Change(s.c.Store, c.id, func(j jobs.Job) (jobs.Job, error) { return j.GiveUpLate(s.c.now(), why) })
	if err != nil {
		return false
	}
	s.settle(c, after)
	return true
}

// send makes one POST. A panic costs that attempt only.
func (s *Sender) send(job jobs.Job) (answer jobs.Answer) {
	defer func() {
		if p := recover(); p != nil {
			s.c.Log.Error().Str("job", job.ID.Short()).Str("panic", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Msg("a callback was cut by a fault of tenfour's own: report it with its stack")
			answer = jobs.Answer{Failure: "a fault of tenfour's own, which its log has"}
		}
	}()
	route, ok := s.c.Routes(job.Request.Route)
	if !ok {
		return jobs.Answer{Failure: "its route is not in the configuration any more, or has no callbacks"}
	}
	to, err := route.Allow.Permits(job.Callback.URL)
	if err != nil {
		return jobs.Answer{Failure: "its URL is refused now: " + err.Error()}
	}
	if len(route.Keys) == 0 {
		return jobs.Answer{Failure: "its route has no key to sign it with: set callback_secret_file"}
	}
	m, err := s.message(job)
	if err != nil {
		return jobs.Answer{Failure: err.Error()}
	}
	return s.post(to, m, route.Keys)
}

// count counts an attempt, and remembers whether its receiver answers.
func (s *Sender) count(c *call, answer jobs.Answer) {
	delivered := answer.Status/100 == 2
	s.mu.Lock()
	s.counts.Attempts++
	if !delivered {
		s.counts.Failures++
	}
	c.to.answers = answer.Status != 0
	c.to.failure = ""
	if !delivered {
		c.to.failure = words(answer)
	}
	s.mu.Unlock()
	s.c.Log.Debug().Func(func(e *zerolog.Event) {
		e.Str("job", c.id.Short()).Str("receiver", c.to.where).Int("status", answer.Status).Str("failure", answer.Failure).Msg("a callback was sent")
	})
}

// words is why an attempt did not deliver.
func words(a jobs.Answer) string {
	if a.Failure != "" {
		return a.Failure
	}
	return fmt.Sprintf("the receiver answered %d", a.Status)
}

// errOtherEnd means that the job has ended once more meanwhile: what was told is of another end.
var errOtherEnd = errors.New("the job was run again meanwhile")

// record writes an outcome into the job's record.
func (s *Sender) record(c *call, t told) {
	after, err := jobs.Change(s.c.Store, c.id, func(j jobs.Job) (jobs.Job, error) {
		if !j.Callback.Since.Equal(t.since) {
			return j, errOtherEnd
		}
		return j.CalledBack(s.c.now(), t.answer, s.c.random())
	})
	refusal := (*jobs.Refusal)(nil)
	switch {
	case err == nil:
		s.settle(c, after)
	case errors.Is(err, jobs.ErrUnknown):
		s.end(c)
	case errors.Is(err, errOtherEnd), errors.As(err, &refusal):
		c.told = nil
		if after.Callback.State == jobs.CallbackDue {
			s.again(c, after.Callback.Next)
		} else {
			s.end(c)
		}
	default:
		s.unwritten(c, &t, err)
	}
}

// unwritten keeps an outcome that the store has not taken, and tries to write it later. It is not sent once more for that.
func (s *Sender) unwritten(c *call, t *told, err error) {
	if !c.warned && !errors.Is(err, jobs.ErrClosed) {
		s.c.Log.Warn().Err(err).Str("job", c.id.Short()).Msg("the store does not take how a callback went: it is tried again, and until then a restart would send the callback once more")
	}
	c.told, c.warned = t, true
	s.again(c, s.c.now().Add(pauseUnwritten))
}

// settle follows a record that was written: it is due again, or over.
func (s *Sender) settle(c *call, after jobs.Job) {
	c.told = nil
	switch b := after.Callback; b.State {
	case jobs.CallbackDue:
		s.again(c, b.Next)
		return
	case jobs.CallbackDelivered:
		s.mu.Lock()
		s.counts.Delivered++
		s.mu.Unlock()
	case jobs.CallbackGaveUp:
		s.c.Log.Warn().Str("job", c.id.Short()).Str("route", after.Request.Route).Str("state", after.State.String()).Str("url", shown(b.URL)).
			Int("attempts", b.Attempts).Dur("after", b.Ended.Sub(b.Since).Round(time.Second)).Str("reason", b.Failure).
			Msg("gave up a callback: its receiver does not know of the job's end")
		s.mu.Lock()
		s.counts.GaveUp++
		s.mu.Unlock()
	}
	s.end(c)
}

func (s *Sender) again(c *call, at time.Time) {
	s.mu.Lock()
	s.queue.again(c, at)
	s.mu.Unlock()
	s.look()
}

func (s *Sender) end(c *call) {
	s.mu.Lock()
	s.queue.end(c)
	s.mu.Unlock()
	s.look()
}

// shown is a callback's URL as a log may have it.
func shown(text string) string {
	u, err := target.Parse(text)
	if err != nil {
		return "(not readable)"
	}
	return string(secret.Redact([]byte(u.String())))
}

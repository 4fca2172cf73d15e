package names_test

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tenfour/names"
	"tenfour/tests/await"
	"tenfour/tests/nameserver"
)

// follow follows app.test at a server, and returns the news of it.
func follow(t *testing.T, s *nameserver.Server, every time.Duration) (*names.Name, chan names.News) {
	t.Helper()
	news := make(chan names.News, 100)
	before := goleak.IgnoreCurrent()
	n := names.Follow("app.test", names.Options{Server: s.Addr, Every: every, Told: func(n names.News) { news <- n }})
	t.Cleanup(func() {
		n.Close()
		if err := goleak.Find(before); err != nil {
			t.Error(err)
		}
	})
	n.AwaitFirst(time.Now().Add(await.Patience))
	return n, news
}

func next(t *testing.T, news chan names.News) names.News {
	t.Helper()
	return await.Value(t, news, "news of the name")
}

func addrs(all ...string) (parsed []netip.Addr) {
	for _, a := range all {
		parsed = append(parsed, netip.MustParseAddr(a))
	}
	return parsed
}

func TestName_hasTheAddressesOfBothFamilies(t *testing.T) {
	s := nameserver.Start(t)
	s.Set("app.test", "127.0.0.7", "::1")
	n, _ := follow(t, s, time.Hour)
	got, err := n.Addrs()
	if err != nil || len(got) != 2 || !n.Has(netip.MustParseAddr("127.0.0.7")) || !n.Has(netip.MustParseAddr("::1")) {
		t.Errorf("got %v (%v), want 127.0.0.7 and ::1", got, err)
	}
}

// TestName_keepsTheLastGoodAddresses when there is no such name any more; TestNames_aResolverThatFails of tests has a server that is mute.
func TestName_keepsTheLastGoodAddresses(t *testing.T) {
	s := nameserver.Start(t)
	s.Set("app.test", "127.0.0.1")
	n, news := follow(t, s, 5*time.Millisecond)
	s.Set("app.test")
	if n := next(t, news); n.Err == nil || len(n.Gone) > 0 || !slices.Equal(n.Addrs, addrs("127.0.0.1")) {
		t.Errorf("got %+v, want an error, and that 127.0.0.1 stays", n)
	}
	if got, err := n.Addrs(); err != nil || !slices.Equal(got, addrs("127.0.0.1")) {
		t.Errorf("got %v (%v), want 127.0.0.1", got, err)
	}
	s.Set("app.test", "127.0.0.2")
	if n := next(t, news); n.Err != nil || !slices.Equal(n.Gone, addrs("127.0.0.1")) || !slices.Equal(n.Addrs, addrs("127.0.0.2")) {
		t.Errorf("got %+v, want 127.0.0.2 in place of 127.0.0.1", n)
	}
}

func TestName_withoutAnAnswerSaysWhy(t *testing.T) {
	s := nameserver.Start(t)
	n, news := follow(t, s, 5*time.Millisecond)
	if got, err := n.Addrs(); err == nil || errors.Is(err, names.ErrUnknown) || len(got) > 0 {
		t.Errorf("got %v (%v), want why there is no address", got, err)
	}
	if n := next(t, news); n.Err == nil {
		t.Errorf("got %+v, want an error", n)
	}
	s.Set("app.test", "127.0.0.1")
	if n := next(t, news); n.Err != nil || !slices.Equal(n.Addrs, addrs("127.0.0.1")) {
		t.Errorf("got %+v, want 127.0.0.1", n)
	}
}

// TestName_isLookedUpAgainWhenAsked: at once, and however often it is asked for, one look-up after the other with a pause between them.
func TestName_isLookedUpAgainWhenAsked(t *testing.T) {
	s := nameserver.Start(t)
	s.Set("app.test", "127.0.0.1")
	n, news := follow(t, s, time.Hour)
	s.Set("app.test", "127.0.0.2")
	first := s.Asked()
	for range 100 {
		go n.Again()
	}
	if n := next(t, news); !slices.Equal(n.Addrs, addrs("127.0.0.2")) {
		t.Errorf("got %+v, want 127.0.0.2", n)
	}
	if asked := s.Asked() - first; asked > 2 {
		t.Errorf("100 calls of Again made %d look-ups at once, want one, or two", asked)
	}
}

// TestName_closesWhileTheServerIsMute: Close does not wait for an answer.
func TestName_closesWhileTheServerIsMute(t *testing.T) {
	s := nameserver.Start(t)
	s.Mute(true)
	await.Soon(t, time.Second, "Close", func() {
		n := names.Follow("app.test", names.Options{Server: s.Addr, Every: time.Hour})
		defer n.Close()
		asked := s.Asked()
		await.Until(t, "it is asked", func() bool { return s.Asked() > asked })
		if _, err := n.Addrs(); !errors.Is(err, names.ErrUnknown) {
			t.Errorf("got %v before the first answer, want ErrUnknown", err)
		}
	})
}

package httpparse

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"
)

// The heads that ab and ab -k send.
const (
	abHead     = "GET /4k HTTP/1.0\r\nHost: 127.0.0.1:8000\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n"
	abKeepHead = "GET /4k HTTP/1.0\r\nConnection: Keep-Alive\r\nHost: 127.0.0.1:8000\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n"
)

// browserHead is what a browser sends, 703 bytes.
const browserHead = "GET /wp-content/uploads/2010/03/hello-kitty-darth-vader-pink.jpg HTTP/1.1\r\n" +
	"Host: www.kittyhell.com\r\n" +
	"User-Agent: Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; ja-JP-mac; rv:1.9.2.3) Gecko/20100401 Firefox/3.6.3 Pathtraq/0.9\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Language: ja,en-us;q=0.7,en;q=0.3\r\n" +
	"Accept-Encoding: gzip,deflate\r\n" +
	"Accept-Charset: Shift_JIS,utf-8;q=0.7,*;q=0.7\r\n" +
	"Keep-Alive: 115\r\n" +
	"Connection: keep-alive\r\n" +
	"Cookie: wp_ozh_wsa_visits=2; wp_ozh_wsa_visit_lasttime=xxxxxxxxxx; " +
	"__utma=xxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.x; " +
	"__utmz=xxxxxxxxx.xxxxxxxxxx.x.x.utmccn=(referral)|utmcsr=reader.livedoor.com|utmcct=/reader/|utmcmd=referral\r\n\r\n"

const backendHead = "HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nDate: Sat, 21 Nov 2026 03:00:00 GMT\r\n" +
	"Content-Type: text/html; charset=utf-8\r\nContent-Length: 4096\r\nLast-Modified: Fri, 20 Nov 2026 10:00:00 GMT\r\n" +
	"Connection: keep-alive\r\nETag: \"655b3c10-1000\"\r\nAccept-Ranges: bytes\r\n\r\n"

func BenchmarkRequestHead(b *testing.B) {
	for _, head := range []struct{ name, raw string }{{"browser", browserHead}, {"ab", abHead}, {"ab-k", abKeepHead}} {
		b.Run(head.name, func(b *testing.B) {
			buf := []byte(head.raw)
			r := Request{Fields: make([]Field, 0, DefaultLimits.Fields)}
			lim := DefaultLimits
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				r.Reset()
				if n, err := r.Parse(buf, &lim); n != len(buf) || err != nil {
					b.Fatal(n, err)
				}
			}
		})
		b.Run(head.name+"-nethttp", func(b *testing.B) {
			src := strings.NewReader(head.raw)
			br := bufio.NewReader(src)
			b.SetBytes(int64(len(head.raw)))
			b.ReportAllocs()
			for b.Loop() {
				src.Reset(head.raw)
				br.Reset(src)
				if _, err := http.ReadRequest(br); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkResponseHead(b *testing.B) {
	buf := []byte(backendHead)
	r := Response{Fields: make([]Field, 0, DefaultLimits.Fields)}
	lim := DefaultLimits
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		if n, err := r.Parse(buf, Get, &lim); n != len(buf) || err != nil {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkChunked reads 64 KiB in chunks of 4 KiB, which is how a streaming server sends them.
func BenchmarkChunked(b *testing.B) {
	var body bytes.Buffer
	w := httputil.NewChunkedWriter(&body)
	for range 16 {
		w.Write(make([]byte, 4096))
	}
	w.Close()
	body.WriteString("\r\n")
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		var c Chunks
		lim := DefaultLimits
		for b.Loop() {
			c.Reset()
			src, total := body.Bytes(), 0
			for done := false; !done; {
				n, data, d, err := c.Next(src, &lim)
				if err != nil {
					b.Fatal(err)
				}
				src, done = src[n:], d
				total += len(data)
			}
			if total != 16*4096 || len(src) != 0 {
				b.Fatal(total, len(src))
			}
		}
	})
	b.Run("nethttp", func(b *testing.B) {
		b.ReportAllocs()
		buf := make([]byte, 4096)
		for b.Loop() {
			r := httputil.NewChunkedReader(bytes.NewReader(body.Bytes()))
			for {
				if _, err := r.Read(buf); err == io.EOF {
					break
				}
			}
		}
	})
}

/*
 * relay.c: the least that can stand between a client and a backend. It reads nothing of what it passes on.
 *
 *	relay LISTEN BACKEND                    a connection to the backend for each client, bytes copied both ways
 *	relay LISTEN BACKEND pooled TARGET      connections to the backend are kept, and lent to a client for one answer
 *
 * A proxy keeps its connections to the backend, and may: it reads where an answer ends. A relay that keeps them without
 * reading has to know beforehand. So "pooled" asks for TARGET once, when it starts, and takes what comes within 200 ms
 * for the answer. Then it sends that same request for whatever a client says, passes on so many bytes, and closes the
 * client. It is no proxy, but it makes the system calls that no proxy can do without, and does nothing else.
 *
 * LISTEN and BACKEND are as in 127.0.0.1:8000. One process, one thread, one epoll. Like the proxies that it stands beside
 * it has a deferred listener, tries before it waits, and sends its end of a connection along with the last bytes.
 * go run ./bench builds it: cc -O2 -o relay relay.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* conn is one connection. Its peer is who gets its bytes: always, or in "pooled" a backend's while an answer is due. */
struct conn {
	int fd, backend, watched, lent, dead;
	struct conn *peer, *next; /* next in the stack of idle backends, or among the dead */
	char *held;               /* bytes that its peer has not taken yet */
	size_t from, to, due;     /* which ones; due: what the backend has still to say, in "pooled" */
};

static int epoll, listener;
static struct sockaddr_in backend;
static struct conn *idle, *graves;
static char request[1024], buf[64 << 10];
static size_t request_length, answer_length; /* 0: not "pooled" */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in address(const char *text)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	char host[64];
	unsigned short port;
	if (sscanf(text, "%63[0-9.]:%hu", host, &port) != 2 || inet_pton(AF_INET, host, &a.sin_addr) != 1) {
		fprintf(stderr, "relay: %s: write it as 127.0.0.1:8000\n", text);
		exit(2);
	}
	a.sin_port = htons(port);
	return a;
}

static struct conn *new_conn(int fd, int is_backend)
{
	struct conn *c = calloc(1, sizeof *c);
	if (!c)
		die("calloc");
	c->fd = fd;
	c->backend = is_backend;
	return c;
}

/* watch has the kernel tell of every change, once. */
static void watch(struct conn *c)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
	if (!c->watched && epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) < 0)
		die("epoll_ctl");
	c->watched = 1;
}

static struct conn *dial(int flags)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd < 0)
		die("socket");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, (struct sockaddr *)&backend, sizeof backend) < 0 && errno != EINPROGRESS)
		die("connect to the backend");
	return new_conn(fd, 1);
}

/* bury closes c. Its memory stays until the events at hand are done: one of them may be its own. */
static void bury(struct conn *c)
{
	if (!c || c->dead)
		return;
	close(c->fd);
	c->dead = 1;
	c->next = graves;
	graves = c;
}

/* give sends bytes of c to its peer, and holds those that the peer does not take now. It is 0 when the peer is gone. */
static int give(struct conn *c, const char *bytes, size_t n)
{
	ssize_t sent = send(c->peer->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN)
		return 0;
	if (sent < 0)
		sent = 0;
	if (c->held) { /* these were they */
		c->from += sent;
		if (c->from == c->to) {
			free(c->held);
			c->held = NULL;
		}
	} else if ((size_t)sent < n) {
		if (!(c->held = malloc(n - sent)))
			die("malloc");
		memcpy(c->held, bytes + sent, c->to = n - sent);
		c->from = 0;
	}
	return 1;
}

/* pump moves what c says to its peer until there is no more or the peer takes no more. A backend's end ends both; a
 * client's is passed on. gone: c's other side has said that it will say no more. */
static void pump(struct conn *c, int gone)
{
	for (;;) {
		if (c->held && !give(c, c->held + c->from, c->to - c->from))
			break;
		if (c->held)
			return;
		ssize_t n = recv(c->fd, buf, sizeof buf, MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n == 0 && !c->backend) {
			shutdown(c->peer->fd, SHUT_WR);
			return;
		}
		if (n <= 0 || !give(c, buf, n))
			break;
		if ((size_t)n < sizeof buf && !gone)
			return; /* that was all; there will be an event for more */
	}
	bury(c->peer);
	bury(c);
}

/* lend gives a client that has said something a backend, an idle one if there is one, and asks it. */
static void lend(struct conn *client)
{
	if (client->lent)
		return; /* whatever it does: it is closed when its answer has come */
	ssize_t n = recv(client->fd, buf, sizeof buf, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN) {
		watch(client);
		return;
	}
	struct conn *b = idle;
	if (n <= 0) {
		bury(client);
		return;
	}
	if (b) {
		idle = b->next;
	} else {
		b = dial(0); /* over loopback this does not wait */
		watch(b);
	}
	client->lent = 1;
	b->peer = client;
	b->due = answer_length;
	if (send(b->fd, request, request_length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		die("send to the backend"); /* it keeps its connections, or this mode is not for it */
}

/* answer passes on what a lent backend says. With the last bytes the client's connection ends (MSG_MORE has them wait for
 * the end, so that both share a segment), and the backend is idle again. An answer is small: it fits into the socket. */
static void answer(struct conn *b)
{
	ssize_t n = recv(b->fd, buf, sizeof buf, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || !b->peer || (size_t)n > b->due) {
		fprintf(stderr, "relay: the backend closed, or said more than its first answer had\n");
		exit(1);
	}
	b->due -= n;
	send(b->peer->fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL | (b->due ? 0 : MSG_MORE));
	if (b->due)
		return;
	bury(b->peer);
	b->peer = NULL;
	b->next = idle;
	idle = b;
}

static void accept_all(void)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		struct conn *c = new_conn(fd, 0);
		if (answer_length) {
			lend(c);
			continue;
		}
		c->peer = dial(SOCK_NONBLOCK);
		c->peer->peer = c;
		watch(c->peer);
		watch(c); /* it is here already, most likely: that is an event too */
	}
}

/* learn asks the backend for target once, to know how long the answer is. */
static void learn(const char *target)
{
	struct timeval patience = {.tv_usec = 200000};
	struct conn *b = dial(0);
	ssize_t n;
	request_length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: limit\r\n\r\n", target);
	setsockopt(b->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (request_length >= sizeof request || send(b->fd, request, request_length, MSG_NOSIGNAL) < 0)
		die("ask the backend");
	while ((n = recv(b->fd, buf, sizeof buf, 0)) > 0)
		answer_length += n;
	if (n == 0 || !answer_length)
		die("the backend does not keep its connection");
	watch(b);
	idle = b;
}

int main(int argc, char **argv)
{
	int one = 1;
	if (argc != 3 && !(argc == 5 && !strcmp(argv[3], "pooled"))) {
		fprintf(stderr, "usage: relay LISTEN BACKEND [pooled TARGET]\n");
		return 2;
	}
	struct sockaddr_in at = address(argv[1]);
	backend = address(argv[2]);
	if ((epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		die("epoll_create1");
	if (argc == 5)
		learn(argv[4]);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* those it accepts have it too */
	setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one, sizeof one);
	struct epoll_event e = {.events = EPOLLIN}; /* no conn: the listener */
	if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 4096) < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e) < 0)
		die("listen");
	for (;;) {
		struct epoll_event events[256];
		int n = epoll_wait(epoll, events, 256, -1);
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;
			int says = events[i].events & ~EPOLLOUT, gone = events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
			if (!c)
				accept_all();
			else if (c->dead || (answer_length && !says))
				continue; /* of one that is closed, or nothing that we wait for */
			else if (answer_length && c->backend)
				answer(c);
			else if (answer_length)
				lend(c);
			else {
				if (c->peer->held)
					pump(c->peer, 0); /* c takes bytes again */
				if (says && !c->dead)
					pump(c, gone);
			}
		}
		while (graves) {
			struct conn *g = graves;
			graves = g->next;
			free(g->held);
			free(g);
		}
	}
}

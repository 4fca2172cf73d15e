//go:build !portable

package tests

// seesResetAtOnce: epoll reports a reset also while bytes that came before it are not read.
const seesResetAtOnce = true

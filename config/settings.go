package config

// groups is every setting there is, in the order of the reference. Each group has a file of its own, settings_*.go.
var groups = []group{
	where,
	whichRequests,
	howMuch,
	whenDown,
	changedOnTheWay,
	whichClients,
	howMany,
	howLong,
	whichJobs,
	tlsAndLogs,
	theConsole,
}

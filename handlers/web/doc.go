// Package web is the edge that the API and the pages share: everything between
// a socket and a handler that is about HTTP and not about documents.
//
// # A request's way
//
//	NewServer          times and header sizes bounded
//	Edge.Handler       correlation id → security headers → recovery and log →
//	                   cross-origin check → who asks
//	the handler        Reader(ctx), Correlation(ctx), Limit, Keys.Fingerprint,
//	                   Waiter, Uploads, Downloads
//	WriteProblem       every error, as RFC 9457
//
// # Errors
//
// A domain.Error becomes a status by its kind, in one table (Status). What only
// HTTP knows (405, 415, 428 …) is a Refusal. Everything else is a 500 whose cause
// stands in the log beside the correlation id and is never shown.
//
// # What is logged
//
// One line a request: method, the route's pattern, status, bytes, duration and
// role. Never a path, a query string, a header or a person: any of them may hold
// something personal or secret.
//
// # Downloads
//
// Access is decided at the time of download, on a read model that has passed the
// log's present end (Downloads.Find). One that cannot keep up hides.
package web

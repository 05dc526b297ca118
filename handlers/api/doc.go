// Package api is the HTTP API: OpenAPI 3.1 at /openapi.json and /openapi.yaml,
// readable at /docs, everything else under /api/v1. It translates and decides
// nothing: commands are carried out by package handlers, questions are answered
// by the queries of the projections, and package web has what is about HTTP.
// Its handler expects a web.Edge before it; without one everybody is anonymous.
//
// # Who is served
//
// Routes is the one table of routes, each with whom it serves. A route that is
// not in the table cannot be registered, and one in it that nothing registers
// fails New. The check comes before a body is read. Whether a reader may see a
// document is decided by the queries, never here: what is hidden and what is
// absent give the same answer by the same steps.
//
// # Requests are deeds
//
// Every POST that appends needs an Idempotency-Key. With the person it names the
// deed: sent again it does nothing and is answered from what it wrote, also after
// a restart; with another method, path or body it is a 422. PUT and DELETE say how
// things are to be, so doing them twice is harmless and the key is optional: where
// it is absent each request is given a fresh id. It is not computed from method
// and path, or saving a document, removing it and saving it again would find the
// first save and do nothing.
//
// # Reading one's own writes
//
// Every write answers with an opaque token, in the header Wait-Token and in the
// body. A read that carries it (header Wait or ?wait=) waits until the read models
// have passed it, or is a 503 after some seconds. Every read says in the header
// Reflects and in the body the ordinal that it reflects. While the read models
// are behind the log, answers carry Imprint-Stale and hide what is not for
// everyone (web.Freshness).
//
// # Errors
//
// Every error is an RFC 9457 problem document, those of the router and of the
// framework among them; its type leads to a page that explains it.
package api

// Package portal is the web pages: server-rendered, on the same commands and
// queries as the API, complete without any script.
//
// # A request's way
//
//	web.Edge     who asks, security headers, the refusal of cross-origin posts
//	New's mux    one handler per page; it reads what it shows and answers a view
//	show.go      what a view is made of: texts in the reader's language, times in
//	             the reader's zone, matches marked
//	render       the view through its template into memory, and then out whole
//
// A page is a template, a view and a handler, in files of one name. A form
// carries an idempotency key made when it was rendered: sent twice, it is one
// deed. A POST waits until the read models show what it wrote and answers with
// 303 to the page it came from, so that reloading repeats nothing.
//
// # Who sees what
//
// The queries decide. What they refuse becomes one of two answers: an anonymous
// visitor is led to the sign-in page and from there back (also where there is
// nothing); everybody else gets one 404 page that is the same for hidden and
// absent. Events are shown whole to auditors; other readers see what happened to
// a document and when, but neither by whom nor with which internal reason.
//
// # Words
//
// Templates hold no sentence. They name a text of the table of a language
// (words.go, english.go, german.go); New refuses a name that a table lacks. A page
// is in the language of the reader's settings, and where nothing was chosen or
// nobody is known, in the one that the browser asks for (language.go). Published
// texts are shown in that language too; one that stands in for it is labelled
// with its own.
package portal

// Package smtptest is a real SMTP server for tests and benchmarks whose faults are
// scripted or drawn from a seed.
//
//	s, err := smtptest.Listen(smtptest.Config{Seed: 1, Rates: []smtptest.Rate{{smtptest.AcceptThenDrop, 0.01}}})
//	defer s.Close()
//	… send to s.URL() …
//	s.Mails()                          // what it holds
//	s.Count(smtptest.AcceptThenDrop)   // how often it did that to somebody
//
// # What can be relied on
//
// A mail is recorded before its reply is written: whatever a client was told, and
// however either side dies, Mails is the truth about what a reader would have got.
// A mail that is refused, cut off or never answered otherwise is not in it. A fault
// is counted when it strikes, not when it is drawn, so that counts can be held
// against extra copies by equality.
//
// # Which fault strikes
//
// Each connection and each mail (that is, each MAIL command) meets at most one
// fault: the next of its script, else, once the script is empty, one drawn by the
// rates. A recipient may have a fault of its own (Config.Recipients), which strikes
// instead, from RCPT on; greylisting and the end of a connection's patience
// (Config.MailsPerConnection) come before all of them, and so does the refusal of a
// mail that begins before the one before it has ended (Nested). The draws are the same for
// the same seed; which mail meets which is up to the order of arrival.
//
// Where the server holds a reply or keeps silent, it does so until the client hangs
// up, the server is closed, or, for AcceptThenSlow, Release is called. A SlowReader,
// which by its nature does not see a client go, waits for the latter two. Nothing
// here waits for a time to pass.
//
// Over STARTTLS the faults of the DATA command itself (Data451, DataDrop) do not
// strike; go-smtp answers that command, and only where it can be read on the wire
// is it answered by us.
package smtptest

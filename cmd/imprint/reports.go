package main

// Here: what takes in the reports that come back.

import (
	"imprint/adapters/mailbox"
	"imprint/handlers/bounces"
	"imprint/handlers/digest"
)

// reports takes in what mail servers report.
func (in *opened) reports(links *digest.Links) *bounces.Service {
	return bounces.New(links, bounces.Commands{People: in.people}, in.facts, in.logger)
}

// mailbox opens the one in which reports arrive; nil where there is none.
func (f mailFlags) mailbox() (*mailbox.Maildir, error) {
	if f.MailReports == "" {
		return nil, nil
	}
	return mailbox.Open(f.MailReports, bounces.MaxBytes)
}

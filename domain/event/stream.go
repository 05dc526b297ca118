package event

import (
	"strings"

	"imprint/domain"
)

// Category is the kind of aggregate a stream belongs to.
type Category string

// The categories of streams (DESIGN: one aggregate each). Log and Roles have a
// single stream and therefore no id.
const (
	LogCategory          Category = "log"
	DocumentCategory     Category = "document"
	SeriesCategory       Category = "series"
	CategoryCategory     Category = "category"
	NoticeCategory       Category = "notice"
	LibraryCategory      Category = "library"
	PersonCategory       Category = "person"
	RolesCategory        Category = "roles"
	DomainCategory       Category = "domain"
	AgreementCategory    Category = "agreement"
	AcceptanceCategory   Category = "acceptance"
	OrganizationCategory Category = "organization"
	PackCategory         Category = "pack"
	FeedbackCategory     Category = "feedback"
	DigestCategory       Category = "digest"
)

// LogStream holds LogOpened, event 1 of every log, and the settings.
const LogStream Stream = "log"

// RolesStream holds every role change, so that one revision protects the last
// administrator.
const RolesStream Stream = "roles"

const maxStreamName = 200

// Stream is the name of one aggregate's events, e.g. "document-0198…". An engine
// may put the installation's prefix before it; the name inside Imprint has none.
type Stream string

// StreamOf names the stream of one aggregate.
func StreamOf(c Category, id string) Stream { return Stream(string(c) + "-" + id) }

// Category is the part before the first dash.
func (s Stream) Category() Category {
	c, _, _ := strings.Cut(string(s), "-")
	return Category(c)
}

// ID is the part after the first dash, "" for a single stream.
func (s Stream) ID() string {
	_, id, _ := strings.Cut(string(s), "-")
	return id
}

// ParseStream checks a stream name that came from outside. An unknown category
// or an id with other characters than a-z, 0-9, '.', '_' and '-' is Invalid.
func ParseStream(name string) (Stream, error) {
	s := Stream(name)
	single, known := categories[s.Category()]
	switch {
	case len(name) > maxStreamName:
		return "", domain.Refuse(domain.Invalid, "bad-stream", "the stream name has %d bytes; at most %d are allowed", len(name), maxStreamName)
	case !known:
		return "", domain.Refuse(domain.Invalid, "unknown-stream", "%.60q is not the name of a stream of this log; names begin with a known kind such as document- or series-", name)
	case single && name != string(s.Category()):
		return "", domain.Refuse(domain.Invalid, "bad-stream", "there is only one stream %q; %.60q does not exist", s.Category(), name)
	case !single && s.ID() == "":
		return "", domain.Refuse(domain.Invalid, "bad-stream", "the stream name %.60q lacks an id after the dash", name)
	}
	for _, r := range s.ID() {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
		default:
			return "", domain.Refuse(domain.Invalid, "bad-stream", "the stream name %.60q holds %q; only a-z, 0-9, '.', '_' and '-' may stand in an id", name, r)
		}
	}
	return s, nil
}

// categories maps each known category to whether it has a single stream.
var categories = map[Category]bool{
	LogCategory: true, RolesCategory: true,
	DocumentCategory: false, SeriesCategory: false, CategoryCategory: false, NoticeCategory: false,
	LibraryCategory: false, PersonCategory: false, DomainCategory: false, AgreementCategory: false,
	AcceptanceCategory: false, OrganizationCategory: false, PackCategory: false, FeedbackCategory: false,
	DigestCategory: false,
}

package api

// What every command answers.

import (
	"context"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"imprint/handlers"
)

// Receipt says what became of a command.
type Receipt struct {
	WaitToken string `json:"waitToken" doc:"Send it with a read to see this write."`
	Repeated  bool   `json:"repeated" doc:"The request had been carried out before; this is its answer."`
	Events    int    `json:"events" doc:"Events written by this call; 0 if nothing had to change."`
}

// DocumentReceipt answers a command on a document.
type DocumentReceipt struct {
	Document uuid.UUID `json:"document" format:"uuid"`
	Version  int       `json:"version,omitempty" doc:"The version published or changed."`
	Receipt
}

// SeriesReceipt answers a command on a series.
type SeriesReceipt struct {
	Series uuid.UUID `json:"series" format:"uuid"`
	Receipt
}

// written is a write: its body and its wait token.
type written[T any] struct {
	Token    string `header:"Wait-Token" doc:"Send it with a read to see this write."`
	Location string `header:"Location"`
	ETag     string `header:"ETag" doc:"The number of the version, for If-Match."`
	Body     T
}

func (a *api) receipt(w handlers.Written) Receipt {
	return Receipt{WaitToken: a.Keys.Token(w.Token), Repeated: w.Repeated, Events: w.Events}
}

func (a *api) wrote(w handlers.Written, err error) (*written[Receipt], error) {
	if err != nil {
		return nil, err
	}
	r := a.receipt(w)
	return &written[Receipt]{Token: r.WaitToken, Body: r}, nil
}

func (a *api) wroteDocument(w handlers.DocumentWritten, err error) (*written[DocumentReceipt], error) {
	if err != nil {
		return nil, err
	}
	r := a.receipt(w.Written)
	return &written[DocumentReceipt]{Token: r.WaitToken, Body: DocumentReceipt{Document: w.Document, Version: w.Version, Receipt: r}}, nil
}

// wroteVersion is wroteDocument for a new version, which has an address.
func (a *api) wroteVersion(w handlers.DocumentWritten, err error) (*written[DocumentReceipt], error) {
	out, err := a.wroteDocument(w, err)
	if err == nil {
		out.Location, out.ETag = versionPath(w.Document, w.Version), tag(w.Version)
	}
	return out, err
}

func (a *api) wroteSeries(w handlers.SeriesWritten, err error) (*written[SeriesReceipt], error) {
	if err != nil {
		return nil, err
	}
	r := a.receipt(w.Written)
	return &written[SeriesReceipt]{
		Token: r.WaitToken, Location: prefix + "/series/" + w.Series.String(),
		Body: SeriesReceipt{Series: w.Series, Receipt: r},
	}, nil
}

// tag is a version's number as an entity tag.
func tag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// command registers a command whose body the framework reads.
func command[I, O any](a *api, o operation, do func(context.Context, handlers.Request, *I) (*O, error)) {
	register(a, o, func(ctx context.Context, in *I) (*O, error) { return do(ctx, requestOf(ctx), in) })
}

// created is the status of what begins something.
const created = http.StatusCreated

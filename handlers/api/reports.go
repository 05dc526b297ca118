package api

// Reports of failed mails, posted by mail servers.

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"imprint/domain"
	"imprint/handlers/bounces"
	"imprint/handlers/web"
)

// TakenReport says what a report was.
type TakenReport struct {
	Kind string `json:"kind" enum:"bounced,complained,passing" doc:"passing: nothing follows from it, as from a mail that is only late."`
}

type reportInput struct {
	Streamed
}

type takenReport struct{ Body TakenReport }

const reportMedia = "message/rfc822"

const reportsPath = "/mail-reports"

func (a *api) reports() {
	op := register(a, operation{method: http.MethodPost, path: reportsPath, id: "report-mail", tag: "Mail", streamed: true,
		summary: "Hand in a report of a failed mail",
		text:    "The body is the report as the mail server has sent it: a mail with a delivery status (RFC 3464) or a feedback report (RFC 5965). Handed in again, it changes nothing, so there is no Idempotency-Key. A 400 is for what is no report, a 404 for one that leads to nobody: both may be thrown away."}, a.takeReport)
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{reportMedia: {Schema: &huma.Schema{Type: "string"}}}}
}

func (a *api) takeReport(ctx context.Context, in *reportInput) (*takenReport, error) {
	declared := in.r.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(declared); err != nil || media != reportMedia {
		return nil, notSupported(declared, reportMedia)
	}
	if err := web.Limit(in.w, in.r, bounces.MaxBytes); err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(in.r.Body)
	if err != nil {
		return nil, err
	}
	kind, err := a.Reports.Take(ctx, raw)
	var refused *domain.Error
	if err != nil && !errors.As(err, &refused) {
		// The mail server keeps the report and hands it in again.
		return nil, domain.Refuse(domain.Unavailable, "report-not-taken", "the report could not be recorded; hand it in again").Because(err)
	}
	if err != nil {
		return nil, err
	}
	return &takenReport{Body: TakenReport{Kind: string(kind)}}, nil
}

package api

// The history as a file: every event that a filter lets through, streamed.

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"imprint/handlers/web"
	"imprint/projections/catalog"
	"imprint/projections/history"
)

// exportPage is how many events are held in memory at a time.
const exportPage = 100

// layout is one way to write events, one after the other.
type layout struct {
	media, extension string
	writer           func(io.Writer) eventWriter
}

// eventWriter writes events. Write may hold back; Flush does not.
type eventWriter interface {
	Write(Event) error
	Flush() error
}

// layouts lists the ways; the first is the default.
var layouts = []layout{
	{"application/jsonl", "jsonl", newLines},
	{"text/csv", "csv", newTable},
}

func (a *api) exports() {
	op := register(a, operation{method: http.MethodGet, path: "/history", id: "export-history", tag: "History",
		summary: "Everything that happened as a file, for auditors",
		text:    "The same events as /events, whole: as JSON Lines, one event a line, or as CSV (RFC 4180) with a header row. The header Reflects and the file's name say the ordinal that it reflects. In CSV a cell that a spreadsheet would run begins with an apostrophe. A connection that breaks off means that the file is not whole."}, a.export)
	text := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	op.Responses["200"] = &huma.Response{Description: "The events, in the order of recording.", Content: map[string]*huma.MediaType{},
		Headers: map[string]*huma.Param{web.StaleHeader: staleParam(), "Reflects": {Description: "The ordinal that the file reflects.", Schema: &huma.Schema{Type: huma.TypeInteger}}}}
	for _, f := range layouts {
		op.Responses["200"].Content[f.media] = text
	}
}

// export answers the first page's faults as problems; after that the file has
// begun, and a fault breaks the connection, so that half a file looks like none.
func (a *api) export(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	form, err := chosen(in.Format, in.Accept)
	if err != nil {
		return nil, err
	}
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	first, err := a.History.Events(ctx, filter, catalog.Page{Limit: exportPage})
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		_, w := humago.Unwrap(c)
		web.Patient(w)
		h := w.Header()
		h.Set("Content-Type", form.media+"; charset=utf-8")
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="history-%d.%s"`, first.Reflects, form.extension))
		h.Set("Reflects", strconv.FormatInt(first.Reflects, 10))
		if err := a.write(ctx, w, form, filter, first); err != nil {
			web.BreakOff(ctx, err)
		}
	}}, nil
}

// write goes on from the first page to the ordinal that it reflected: what is
// recorded meanwhile is not part of the file. No snapshot is kept open while a
// slow reader takes the file; events never change, so that none is needed.
func (a *api) write(ctx context.Context, w io.Writer, form layout, filter history.EventFilter, page history.EventListing) error {
	out := form.writer(w)
	if end := page.Reflects + 1; filter.To == 0 || filter.To > end {
		filter.To = end
	}
	for {
		for _, e := range page.Events {
			if e.Ordinal >= filter.To {
				break
			}
			if err := out.Write(Event(e)); err != nil {
				return web.Gone(err)
			}
		}
		if err := out.Flush(); err != nil || page.Next == "" {
			return web.Gone(err)
		}
		filter.From = page.Events[len(page.Events)-1].Ordinal + 1
		var err error
		if page, err = a.History.Events(ctx, filter, catalog.Page{Limit: exportPage}); err != nil {
			return err
		}
	}
}

// chosen is the form asked for: by name, else by the header Accept (RFC 9110,
// section 12.5.1), else the first.
func chosen(name, accept string) (layout, error) {
	for _, f := range layouts {
		if f.extension == name {
			return f, nil
		}
	}
	if strings.TrimSpace(accept) == "" {
		return layouts[0], nil
	}
	var best layout
	most := 0.0
	for _, f := range layouts {
		if q := quality(accept, f.media); q > most {
			best, most = f, q
		}
	}
	if most == 0 {
		return layout{}, web.Refuse(http.StatusNotAcceptable, "not-acceptable", "the history is not written as %.80q; ask for %s or %s in Accept, or by format=%s or format=%s", accept, layouts[0].media, layouts[1].media, layouts[0].extension, layouts[1].extension).In("Accept")
	}
	return best, nil
}

// quality is how much a media type is wanted: the weight of the range that names
// it most closely, 0 for not at all.
func quality(accept, media string) float64 {
	kind, _, _ := strings.Cut(media, "/")
	weight, closest := 0.0, 0
	for part := range strings.SplitSeq(accept, ",") {
		wanted, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		close := map[string]int{media: 3, kind + "/*": 2, "*/*": 1}[wanted]
		if close <= closest {
			continue
		}
		closest, weight = close, 1
		if q, given := params["q"]; given {
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				weight = 0
			}
		}
	}
	return weight
}

// lines writes JSON Lines: one event a line, as the pages of /events hold it.
type lines struct{ encoder *json.Encoder }

func newLines(w io.Writer) eventWriter {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // the data as it was recorded
	return lines{e}
}

func (l lines) Write(e Event) error { return l.encoder.Encode(e) }

func (lines) Flush() error { return nil }

// table writes CSV (RFC 4180) with a header row.
type table struct{ *csv.Writer }

func newTable(w io.Writer) eventWriter {
	t := table{csv.NewWriter(w)}
	t.UseCRLF = true
	// Held in the writer's buffer: what goes wrong is told by Flush.
	_ = t.Writer.Write([]string{"ordinal", "id", "type", "schema", "stream", "revision", "time", "logTime", "actor", "document", "series", "person", "version", "commitment", "data"})
	return t
}

func (t table) Write(e Event) error {
	version := ""
	if e.Version > 0 {
		version = strconv.Itoa(e.Version)
	}
	row := []string{
		strconv.FormatInt(e.Ordinal, 10), e.ID.String(), e.Type, strconv.Itoa(e.Schema), e.Stream, strconv.FormatInt(e.Revision, 10),
		e.Time.Format(time.RFC3339Nano), e.LogTime.Format(time.RFC3339Nano), e.Actor, named(e.Document), named(e.Series), named(e.Person),
		version, e.Commitment, string(e.Data),
	}
	for i, cell := range row {
		row[i] = harmless(cell)
	}
	return t.Writer.Write(row)
}

func (t table) Flush() error {
	t.Writer.Flush()
	return t.Error()
}

// harmless keeps a spreadsheet from running a cell as a formula: the apostrophe
// makes it a text (OWASP, CSV Injection).
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// named is an id, or nothing where there is none.
func named(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

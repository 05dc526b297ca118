package queries

// The auditors' queries: events, and what both kinds of looking back share.

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/history"
)

// History answers history.Queries.
type History struct {
	db         Database
	projection projections.Projection

	events, documents, versions, series string // views
}

var _ history.Queries = (*History)(nil)

// NewHistory makes the auditors' queries over a database of read models.
func NewHistory(db Database) *History {
	p := history.Projection()
	return &History{
		db: db, projection: p,
		events: p.View("events"), documents: p.View("documents"), versions: p.View("versions"), series: p.View("series"),
	}
}

// Events walks one index: that of the filter's document, series, person, actor
// or type, each followed by the ordinal, or the primary key. Log times are turned
// into ordinals first, so that they choose no index of their own and no sorting.
func (h *History) Events(ctx context.Context, f history.EventFilter, p catalog.Page) (l history.EventListing, err error) {
	size, err := limit(p)
	if err != nil {
		return l, err
	}
	f.Since, f.Before = f.Since.UTC(), f.Before.UTC() // one list, whatever the zone
	list := listOf("events", f)
	after, _, err := parseCursor(p.After, list)
	if err != nil {
		return l, err
	}
	conditions, err := h.conditions(f)
	if err != nil {
		return l, err
	}
	conditions = append(conditions, where(`ordinal > ?`, after.number))
	err = h.db.Snapshot(ctx, func(q Querier) (err error) {
		if l.Reflects, err = reflects(ctx, q, h.projection); err != nil {
			return err
		}
		conditions, err := h.recordedWithin(ctx, q, conditions, f)
		if err != nil {
			return err
		}
		st := new(statement).add(`SELECT ordinal, event, type, schema_version, stream, revision, time, log_time, actor, document, series, person, version, commitment, data FROM `+h.events+` WHERE `).
			all(conditions).add(` ORDER BY ordinal LIMIT ?`, int64(size+1))
		return st.each(ctx, q, func(scan func(...any) error) error {
			if len(l.Events) == size { // one more than the page: there is a next one
				l.Next = cursor{list: list, number: l.Events[size-1].Ordinal}.String()
				return nil
			}
			e, err := recorded(scan)
			l.Events = append(l.Events, e)
			return err
		})
	})
	return l, err
}

func (h *History) conditions(f history.EventFilter) ([]condition, error) {
	var all []condition
	for _, is := range []struct {
		column string
		id     uuid.UUID
	}{{"document", f.Document}, {"series", f.Series}, {"person", f.Person}} {
		if is.id != uuid.Nil {
			all = append(all, where(is.column+` = ?`, is.id.String()))
		}
	}
	if f.Actor != "" {
		all = append(all, where(`actor = ?`, f.Actor))
	}
	for _, t := range f.Types {
		if !slices.Contains(h.projection.Types, t) {
			return nil, domain.Refuse(domain.Invalid, "unknown-value", "event type %.80q is not known; use one of: %s", t, strings.Join(h.projection.Types, ", ")).In("type")
		}
	}
	if len(f.Types) > 0 {
		all = append(all, anyOf("type", slices.Compact(slices.Sorted(slices.Values(f.Types)))))
	}
	if f.From < 0 || f.To < 0 {
		return nil, domain.Refuse(domain.Invalid, "bad-range", "ordinals begin at 1; give positive ones").In("from")
	}
	if f.From > 0 {
		all = append(all, where(`ordinal >= ?`, f.From))
	}
	if f.To > 0 {
		all = append(all, where(`ordinal < ?`, f.To))
	}
	return all, nil
}

// recordedWithin adds the bounds of log time, as ordinals.
func (h *History) recordedWithin(ctx context.Context, q Querier, all []condition, f history.EventFilter) ([]condition, error) {
	for _, bound := range []struct {
		at   time.Time
		text string
		none condition // where no event is that late
	}{{f.Since, `ordinal >= ?`, where(`1 = 0`)}, {f.Before, `ordinal < ?`, where(`1 = 1`)}} {
		if bound.at.IsZero() {
			continue
		}
		added := bound.none
		// SEARCH USING COVERING INDEX (log_time>?): one entry.
		st := new(statement).add(`SELECT ordinal FROM `+h.events+` WHERE log_time >= ? ORDER BY log_time, ordinal LIMIT 1`, projections.Micros(bound.at))
		err := st.each(ctx, q, func(scan func(...any) error) error {
			var ordinal int64
			err := scan(&ordinal)
			added = where(bound.text, ordinal)
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, added)
	}
	return all, nil
}

func recorded(scan func(...any) error) (e history.Entry, err error) {
	var id, document, series, person, data string
	err = scan(&e.Ordinal, &id, &e.Type, &e.Schema, &e.Stream, &e.Revision, instant(&e.Time), instant(&e.LogTime), &e.Actor,
		&document, &series, &person, &e.Version, &e.Commitment, &data)
	if err != nil {
		return e, err
	}
	e.Data = json.RawMessage(data)
	for _, to := range []struct {
		id   *uuid.UUID
		text string
	}{{&e.ID, id}, {&e.Document, document}, {&e.Series, series}, {&e.Person, person}} {
		if *to.id, err = optional(to.text); err != nil {
			return e, err
		}
	}
	return e, nil
}

// place is a moment, resolved.
type place struct {
	ordinal     int64
	logTime     time.Time
	provisional bool
}

// head is the end of the log as the history knows it.
func (h *History) head(ctx context.Context, q Querier) (at place, err error) {
	st := new(statement).add(`SELECT ordinal, log_time FROM projection_checkpoints WHERE projection = ? AND version = ?`, h.projection.Name, h.projection.Version)
	return at, h.scanPlace(ctx, q, st, &at)
}

func (h *History) scanPlace(ctx context.Context, q Querier, st *statement, to *place) error {
	return st.each(ctx, q, func(scan func(...any) error) error { return scan(&to.ordinal, instant(&to.logTime)) })
}

// resolve finds the ordinal of a moment. A time is final only once the log has
// passed it: the next event may have the very log time of the last one.
func (h *History) resolve(ctx context.Context, q Querier, m history.Moment) (place, error) {
	end, err := h.head(ctx, q)
	if err != nil {
		return end, err
	}
	var at place
	switch {
	case m.Ordinal < 0 || m.Ordinal > 0 && !m.Time.IsZero():
		return at, domain.Refuse(domain.Invalid, "bad-moment", "a moment is an ordinal from 1 or a time, not both; give one of them").In("as-of")
	case m.Ordinal == 0 && m.Time.IsZero():
		return end, nil
	case m.Ordinal > end.ordinal, m.Ordinal == 0 && !m.Time.Before(end.logTime):
		end.provisional = true
		return end, nil
	case m.Ordinal > 0:
		return h.placeOf(ctx, q, m.Ordinal)
	}
	// SEARCH USING COVERING INDEX (log_time<?), backwards: one entry.
	st := new(statement).add(`SELECT ordinal, log_time FROM `+h.events+` WHERE log_time <= ? ORDER BY log_time DESC, ordinal DESC LIMIT 1`, projections.Micros(m.Time))
	return at, h.scanPlace(ctx, q, st, &at)
}

// placeOf is an ordinal with its log time: that of the last event of a known
// type up to it.
func (h *History) placeOf(ctx context.Context, q Querier, ordinal int64) (at place, err error) {
	st := new(statement).add(`SELECT ordinal, log_time FROM `+h.events+` WHERE ordinal <= ? ORDER BY ordinal DESC LIMIT 1`, ordinal)
	err = h.scanPlace(ctx, q, st, &at)
	at.ordinal = ordinal
	return at, err
}

// seen is who may see a document d of the past: its audience then, and its
// audience now, both let the reader see. An auditor sees all.
func (h *History) seen(r access.Reader) condition {
	if r.Role.MayAudit() {
		return where(`1 = 1`)
	}
	then, now := visible(r, "d.audience"), visible(r, "o.audience")
	return where(fmt.Sprintf(`(%s) AND EXISTS (SELECT 1 FROM %s o WHERE o.document = d.document AND o.until_ordinal = %d AND (%s))`, then.text, h.documents, projections.Forever, now.text),
		append(then.args, now.args...)...)
}

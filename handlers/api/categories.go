package api

// Categories: the home page's groups and tiles, and the commands on them.

import (
	"context"
	"net/http"

	"imprint/domain"
	"imprint/domain/category"
	"imprint/handlers"
	"imprint/handlers/web"
	"imprint/projections/catalog"
)

// Home is the first page: groups with the tiles that hold something the reader
// may see.
type Home struct {
	Groups   []Group `json:"groups" nullable:"false"`
	Newest   []Item  `json:"newest" nullable:"false" doc:"The newest few updates."`
	Reflects int64   `json:"reflects"`
}

// Group is one of the four top groups.
type Group struct {
	ID         string     `json:"id"`
	Categories []Category `json:"categories" nullable:"false"`
}

// Category is a tile.
type Category struct {
	ID          string      `json:"id"`
	Group       string      `json:"group"`
	Name        domain.Text `json:"name"`
	Description domain.Text `json:"description,omitempty"`
	Count       Count       `json:"count" doc:"Of the documents that the reader may see."`
}

// CategoryDefinition is how a category is to be.
type CategoryDefinition struct {
	Group string `json:"group" enum:"certifications,reports,regional,organization"`
	Named
}

// CategoryMove puts a category under another group.
type CategoryMove struct {
	Group string `json:"group" enum:"certifications,reports,regional,organization"`
}

// CategoryPath names a category.
type CategoryPath struct {
	Category string `path:"category" maxLength:"64" example:"iso-iec"`
}

type homeInput struct{ Waiting }

type defineInput struct {
	Keyed
	CategoryPath
	Body CategoryDefinition
}

type moveInput struct {
	Keyed
	CategoryPath
	Body CategoryMove
}

type removeCategoryInput struct {
	Keyed
	CategoryPath
}

func (a *api) categories() {
	register(a, operation{method: http.MethodGet, path: "/categories", id: "home", tag: "Categories",
		summary: "The groups with their categories, and the newest updates"}, a.home)
	command(a, operation{method: http.MethodPut, path: "/categories/{category}", id: "define-category", tag: "Categories",
		summary: "Define a category, or give it another name"},
		func(ctx context.Context, r handlers.Request, in *defineInput) (*written[Receipt], error) {
			return a.wrote(a.Publishing.DefineCategory(ctx, r, handlers.DefineCategory{
				Category: in.Category, Group: category.Group(in.Body.Group), Name: in.Body.Name, Description: in.Body.Description,
			}))
		})
	command(a, operation{method: http.MethodPost, path: "/categories/{category}/move", id: "move-category", tag: "Categories",
		summary: "Put a category under another group"},
		func(ctx context.Context, r handlers.Request, in *moveInput) (*written[Receipt], error) {
			return a.wrote(a.Publishing.MoveCategory(ctx, r, handlers.MoveCategory{Category: in.Category, Group: category.Group(in.Body.Group)}))
		})
	command(a, operation{method: http.MethodDelete, path: "/categories/{category}", id: "remove-category", tag: "Categories",
		summary: "Remove a category that holds no document"}, a.removeCategory)
}

// removeCategory asks the catalog what the category holds, so the catalog must
// have all that was published before.
func (a *api) removeCategory(ctx context.Context, r handlers.Request, in *removeCategoryInput) (*written[Receipt], error) {
	head, err := a.Head(ctx)
	if err == nil {
		err = a.waiter.Until(ctx, head.Position, catalog.Name)
	}
	if err != nil {
		return nil, err
	}
	return a.wrote(a.Publishing.RemoveCategory(ctx, r, handlers.RemoveCategory{Category: in.Category}))
}

func (a *api) home(ctx context.Context, _ *homeInput) (*answer[Home], error) {
	h, err := a.Catalog.Home(ctx, web.Reader(ctx))
	if err != nil {
		return nil, err
	}
	groups := each(h.Groups, func(g catalog.Group) Group {
		return Group{ID: string(g.ID), Categories: each(g.Tiles, categoryOf)}
	})
	return &answer[Home]{Reflects: h.Reflects, Body: Home{Groups: groups, Newest: each(h.Newest, itemOf), Reflects: h.Reflects}}, nil
}

func categoryOf(c catalog.Category) Category {
	return Category{ID: c.ID, Group: string(c.Group), Name: c.Name, Description: c.Description, Count: countOf(c.Count)}
}

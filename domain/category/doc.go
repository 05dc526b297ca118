// Package category holds the rules of one category: a tile under one of the four
// top groups, named by a slug that never changes.
//
// Renaming (Defined again) and moving keep the slug and every link, and are no
// update of the documents in it. Which documents those are is a matter of the
// documents; a category is removed only while there are none, and may be defined
// anew afterwards.
package category

// Package person holds the rules of one person: joining, notification settings,
// and which access tokens were issued and revoked.
//
// Names and addresses go through as event.Secret: the state never holds them,
// and whether an address is one is checked at the edge of the domain.
package person

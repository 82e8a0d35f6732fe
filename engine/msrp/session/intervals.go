package session

import "slices"

// interval is a range of octets, first and last included, counted from 1.
type interval struct{ first, last int64 }

// intervals is an ordered set of octets: intervals neither overlap nor touch.
type intervals []interval

// add joins [first, last] into the set.
func (s *intervals) add(first, last int64) {
	if last < first {
		return
	}
	list := *s
	i := 0
	for i < len(list) && list[i].last < first-1 {
		i++
	}
	j := i
	for j < len(list) && list[j].first <= last+1 {
		first, last = min(first, list[j].first), max(last, list[j].last)
		j++
	}
	*s = slices.Replace(list, i, j, interval{first, last})
}

// covers reports whether every octet of 1..n is in the set.
func (s intervals) covers(n int64) bool {
	return n == 0 || len(s) > 0 && s[0].first <= 1 && s[0].last >= n
}

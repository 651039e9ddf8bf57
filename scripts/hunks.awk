# SPDX-License-Identifier: GPL-2.0
# Apply a diff, each hunk with as much of its context as still matches: for a base that has moved
# by a point release.   awk -v dir=DIR -f scripts/hunks.awk DIFF
#
# Every removed line, and the line on either side of what is added or removed, must be there. With
# less than all of its context a hunk must fit in one place only, and in C within the function that it
# names; else it is a conflict. (patch --fuzz takes the nearest of several places and does not say.)
# Results go to DIR/PATH.ims-new. Prints PATH:LINE for each change with less context; for a conflict
# PATH, with status 1.

function read_file(    line) {
	length_of_file = 0
	while ((getline line <(dir "/" path)) > 0)
		file[++length_of_file] = line
	close(dir "/" path)
	next_line = 1
	drift = 0
	target = dir "/" path ".ims-new"
	printf "" >target
}

function write_rest() {
	if (path == "")
		return
	while (next_line <= length_of_file)
		print file[next_line++] >target
	close(target)
	path = ""
}

function conflict() {
	print path
	failed = 1
	exit 1
}

# The line after the old side of the hunk's lines first..last, if the file has that from line at on.
function fits(at, first, last,    i) {
	for (i = first; i <= last; i++) {
		if (kind[i] == "+")
			continue
		if (at > length_of_file || file[at++] != text[i])
			return 0
	}
	return at
}

# Where all of the hunk fits, nearest to where it is expected. As for patch, one with less context
# on one side belongs to that end of the file.
function nearest(lead, trail,    at, end, far, place) {
	for (at = 1; at <= length_of_file + 1; at++) {
		end = fits(at, 1, lines)
		if (!end || lead < trail && at > 1 || trail < lead && end <= length_of_file)
			continue
		if (!place || (at > expected ? at - expected : expected - at) < far) {
			far = at > expected ? at - expected : expected - at
			place = at
		}
	}
	return place ? place + lead : 0
}

# The function that a line of the hunk is in, as diff prints it.
function function_of(line) {
	while (--line > 0)
		if (kind[line] != "+" && text[line] ~ /^[A-Za-z_$]/)
			return substr(text[line], 1, 80)
	return section
}

# Of the lines from low on some may be new.
function in_function(at, low, wanted) {
	if (wanted == "" || path !~ /\.[ch]$/)
		return 1
	while (--at > 0)
		if (file[at] ~ /^[A-Za-z_$]/) {
			if (index(file[at], wanted) == 1)
				return 1
			if (at < low)
				return 0
		}
	return 0
}

# The only place in the file where the lines first..last of the hunk fit with most of the context that
# they have, or 0.
function only(first, last, lead, trail,    less, before, after, at, end, place) {
	for (less = 0; less <= lead + trail; less++) {
		for (before = lead; before >= (lead > 0); before--) {
			after = lead + trail - less - before
			if (after > trail || after < (trail > 0))
				continue
			for (at = 1; at <= length_of_file + 1; at++) {
				end = fits(at, first - before, last + after)
				if (!end || !lead && at > 1 || !trail && end <= length_of_file || place == at + before)
					continue
				if (place)
					return 0
				place = at + before
				if (!in_function(at, place - lead, function_of(first - lead)))
					return 0
			}
		}
		if (place)
			return place
	}
	return 0
}

function put(at, first, last) {
	if (at < next_line)
		conflict()
	while (next_line < at)
		print file[next_line++] >target
	for (; first <= last; first++) {
		if (kind[first] == "+")
			print text[first] >target
		else if (kind[first] == "-")
			next_line++
		else
			print file[next_line++] >target
	}
}

# One change after the other: a line between two of them may be another.
function put_runs(    first, last, context, lead) {
	for (first = 1; first <= lines; first = last + 1) {
		for (lead = 0; first <= lines && kind[first] == " "; lead++)
			first++
		if (first > lines)
			return
		for (last = first; last < lines && kind[last + 1] != " "; )
			last++
		for (context = last; context < lines && kind[context + 1] == " "; )
			context++
		put_reduced(only(first, last, min(lead, 3), min(context - last, 3)), first, last)
	}
}

function put_reduced(at, first, last) {
	if (!at)
		conflict()
	print path ":" at
	put(at, first, last)
}

function min(a, b) { return a < b ? a : b }

function put_hunk(    first, last, at) {
	for (first = 1; kind[first] == " "; )
		first++
	for (last = lines; kind[last] == " "; )
		last--
	expected = old_line + drift
	at = nearest(first - 1, lines - last)
	if (at) {
		drift = at - first + 1 - old_line
		put(at, first, last)
		return
	}
	at = only(first, last, first - 1, lines - last)
	if (at)
		put_reduced(at, first, last)
	else
		put_runs()
}

left_old > 0 || left_new > 0 {
	mark = substr($0, 1, 1)
	if (mark !~ /^[ +-]?$/)
		conflict()
	kind[++lines] = mark == "" ? " " : mark
	text[lines] = substr($0, 2)
	left_old -= mark != "+"
	left_new -= mark != "-"
	if (left_old <= 0 && left_new <= 0)
		put_hunk()
	next
}
/^\\/ { conflict() }
/^\+\+\+ / {
	write_rest()
	path = $2
	sub(/^b\//, "", path)
	# one that is not tidy
	if (seen[path]++)
		conflict()
	read_file()
}
/^@@ / {
	split(substr($2, 2), old, ",")
	split(substr($3, 2), new, ",")
	old_line = old[1] + 0
	left_old = old[2] == "" ? 1 : old[2] + 0
	left_new = new[2] == "" ? 1 : new[2] + 0
	section = $0
	sub(/^@@ [^@]*@@ ?/, "", section)
	lines = 0
}
END {
	if (failed)
		exit 1
	if (left_old > 0 || left_new > 0)
		conflict()
	write_rest()
}

# SPDX-License-Identifier: GPL-2.0
# A diff with a hunk for each change: awk -v context=N -f scripts/hunks.awk DIFF.
# A hunk has up to N lines around it and names the function that it is in, as git does. Changes with
# one or two lines between them stay together: these are next to one of them.

# The function that line i of the hunk is in
function function_of(i) {
	while (--i > 0)
		if (line[i] ~ /^[ -][A-Za-z_$]/)
			return " " substr(line[i], 2, 80)
	return section
}

function put(first, last,    from, to, i, old, new, body) {
	for (from = first; from > 1 && first - from < context && line[from - 1] ~ /^ /; )
		from--
	for (to = last; to < lines && to - last < context && line[to + 1] ~ /^ /; )
		to++
	for (i = from; i <= to; i++) {
		old += line[i] !~ /^\+/
		new += line[i] !~ /^-/
		body = body line[i] "\n"
	}
	printf "@@ -%d,%d +%d,%d @@%s\n%s", at[from], old, at[from], new, function_of(first - 1), body
}

function put_hunk(    first, last) {
	for (first = 1; first <= lines; first++) {
		if (line[first] ~ /^ /)
			continue
		last = first
		while (line[last + 1] ~ /^[+-]/ || line[last + 2] ~ /^[+-]/ || line[last + 3] ~ /^[+-]/)
			last++
		put(first, last)
		first = last
	}
}

left_old > 0 || left_new > 0 {
	line[++lines] = $0 == "" ? " " : $0
	at[lines] = next_old
	next_old += !/^\+/
	left_old -= !/^\+/
	left_new -= !/^-/
	if (left_old <= 0 && left_new <= 0)
		put_hunk()
	next
}
/^@@ / {
	split(substr($2, 2), old_side, ",")
	split(substr($3, 2), new_side, ",")
	next_old = old_side[1]
	left_old = old_side[2] == "" ? 1 : old_side[2]
	left_new = new_side[2] == "" ? 1 : new_side[2]
	section = $0
	sub(/^@@ [^@]*@@/, "", section)
	split("", line)
	lines = 0
	next
}
{ print }

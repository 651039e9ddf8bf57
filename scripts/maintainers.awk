# SPDX-License-Identifier: GPL-2.0
# MAINTAINERS of the kernel with ours: awk [-v who='NAME <ADDRESS>'] -f scripts/maintainers.awk OURS FILES MAINTAINERS.
# A section of OURS that the kernel does not have is put where it belongs by name, with the person, if
# there is one, as its maintainer; to one that it has, the F: lines are added. Of these only
# such as have one of FILES: a patch brings the lines for what it brings. Those of FILES that have
# no line get one of their own in the first section.

function covers(pattern, file) { return pattern ~ /\/$/ ? index(file, pattern) == 1 : file == pattern }

# add TITLE PATTERN: its lines are sorted
function add(title, pattern,    n, i, list, text) {
	n = split(paths[title], list, "\n")
	for (i = 1; i <= n; i++) {
		if (pattern != "" && "F:\t" pattern < list[i]) {
			text = text "\nF:\t" pattern
			pattern = ""
		}
		text = text "\n" list[i]
	}
	paths[title] = substr(text (pattern == "" ? "" : "\nF:\t" pattern), 2)
}

function choose(title,    n, claim, i, f, used) {
	n = split(claims[title], claim, "\n")
	for (i = 1; i < n; i++) {
		used = 0
		for (f = 1; f <= files; f++)
			if (covers(substr(claim[i], 4), name[f]))
				used = has_line[title, f] = 1
		if (used)
			add(title, substr(claim[i], 4))
	}
	for (f = 1; title == order[1] && f <= files; f++)
		if (!has_line[title, f])
			add(title, name[f])
}

# The last line of the section with this one
function section_end(from) {
	while (from < lines && line[from + 1] != "")
		from++
	return from
}

function merge(s, from,    end, i, n, list, done) {
	end = section_end(from)
	n = split(paths[s], list, "\n")
	for (i = from; i <= end; i++) {
		while (done < n && line[i] ~ /^F:/ && line[i] > list[done + 1])
			text[i] = text[i] list[++done] "\n"
	}
	while (done < n)
		after[end] = after[end] list[++done] "\n"
}

FILENAME == ARGV[ARGC - 3] {
	if ($0 == "" || /^#/) {
		title = ""
	} else if (title == "") {
		title = $0
		order[++sections] = title
	} else if (!/^F:/) {
		head[title] = head[title] (who != "" && /^S:/ ? "S:\tMaintained" : $0) "\n"
	} else {
		claims[title] = claims[title] $0 "\n"
	}
	next
}
FILENAME == ARGV[ARGC - 2] { name[++files] = $0; next }
{
	line[++lines] = $0
	if ($0 == "Maintainers List")
		list = 1
	else if (list && line[lines - 1] == "" && !/^([A-Z]:|[ \t.-]|$)/)
		at[$0] = lines
}
END {
	for (s = 1; s <= sections; s++) {
		title = order[s]
		choose(title)
		if (paths[title] == "")
			continue
		if (title in at) {
			merge(title, at[title])
			continue
		}
		best = ""
		for (t in at)
			if (t <= title && t > best)
				best = t
		after[section_end(at[best])] = "\n" title "\n" (who == "" ? "" : "M:\t" who "\n") head[title] paths[title] "\n"
	}
	for (i = 1; i <= lines; i++)
		printf "%s%s\n%s", text[i], line[i], after[i]
}

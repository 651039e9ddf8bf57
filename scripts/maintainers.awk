# SPDX-License-Identifier: GPL-2.0
# MAINTAINERS of the kernel with ours: awk [-v who='NAME <ADDRESS>'] -f scripts/maintainers.awk OURS FILES MAINTAINERS.
# A section of OURS that the kernel does not have is put where it belongs by name, with the person, if
# there is one, as its maintainer; to one that it has, the F: lines are added. Of these only
# such as have one of FILES: a patch brings the lines for what it brings. Those of FILES that have
# no line get one of their own in the first section.

function covers(pattern, file) { return pattern ~ /\/$/ ? index(file, pattern) == 1 : file == pattern }

# Sorted
function add(title, claim,    i) {
	for (i = ++claims[title]; i > 1 && mine[title, i - 1] > claim; i--)
		mine[title, i] = mine[title, i - 1]
	mine[title, i] = claim
}

# What is left of the lines for a section and sorts before this one
function put_claims(title, before) {
	while (done[title] < claims[title] && (before == "" || mine[title, done[title] + 1] < before))
		print mine[title, ++done[title]]
}

function put_section(title) {
	printf "\n%s\n%s%s", title, who == "" ? "" : "M:\t" who "\n", head[title]
	put_claims(title)
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
		wanted[++patterns] = $0
		section[patterns] = title
	}
	next
}
FILENAME == ARGV[ARGC - 2] { name[++files] = $0; next }
{
	line[++lines] = $0
	if ($0 == "Maintainers List")
		list = lines
	else if (list && line[lines - 1] == "" && !/^([A-Z]:|[ \t.-]|$)/)
		at[$0] = lines
}
END {
	for (i = 1; i <= patterns; i++) {
		used = 0
		for (f = 1; f <= files; f++)
			if (covers(substr(wanted[i], 4), name[f])) {
				used = 1
				claimed[section[i], f] = 1
			}
		if (used)
			add(section[i], wanted[i])
	}
	for (f = 1; f <= files; f++)
		if (!claimed[order[1], f])
			add(order[1], "F:\t" name[f])
	# the list is not sorted all through: behind the last section that sorts before
	for (i = 1; i <= sections; i++) {
		best = ""
		for (t in at)
			if (t <= order[i] && t > best)
				best = t
		if (best != order[i] && claims[order[i]])
			new[best] = order[i]
	}
	title = ""
	for (i = 1; i <= lines + 1; i++) {
		if (at[line[i]] == i)
			title = line[i]
		if (line[i] ~ /^F:/ || line[i] == "")
			put_claims(title, line[i])
		if (line[i] == "" && title in new) {
			put_section(new[title])
			delete new[title]
		}
		if (i <= lines)
			print line[i]
	}
}

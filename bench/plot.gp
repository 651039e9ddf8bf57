# SPDX-License-Identifier: GPL-2.0
# Cost against number of vectors; data and out are set by the caller.
set terminal svg size 900,800 font "sans-serif,13" background "white"
set output out
set datafile missing "-"
set logscale x 2
set format x "%.0f"
set xrange [50:70000]
set yrange [0:*]
set grid
set key bottom right
set ylabel "guest instructions"
set multiplot layout 2,1 title "Interrupt vectors of one device: MSI-X, IMS table, queue memory"
file(guest, store, kind) = sprintf("%s/%s-%s-%s.dat", data, guest, store, kind)
do for [kind in "up down"] {
	set title kind eq "up" ? "allocate one more" : "free one"
	set xlabel kind eq "up" ? "vectors allocated" : "vectors left"
	plot file("many-vtd", "msix", kind) with linespoints title "VT-d, MSI-X", \
	     file("many-vtd", "ims", kind) with linespoints title "VT-d, IMS", \
	     file("many-vtd", "queue", kind) with linespoints title "VT-d, queue memory", \
	     file("cost-none", "msix", kind) with lines title "no IOMMU, MSI-X", \
	     file("cost-none", "ims", kind) with lines title "no IOMMU, IMS"
}
unset multiplot

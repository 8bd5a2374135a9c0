# figure-3.gp -- how packets entered each hardware lane: by interrupt or by polling, percent, stacked.
#
# Reads lanes-mean.csv.  Run inside a results directory: gnuplot -c .../tools/plot/figure-3.gp
name = 'figure-3'
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'style.gpi'

set ylabel 'Packets received [%]'
set yrange [0:100]
set ytics 20
set xlabel 'Hardware lane' offset 0,-2.4
set bmargin 4.8

poll(n) = column('poll_pct')
half(n) = column('poll_half')

table = 'lanes-mean.csv'
point = 25
name_points = 120
group_size(n) = column('of_variant')
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'rows.gpi'

layers = "plot 'lanes-mean.csv' using (x($0)):(poll(0) + column('intr_pct')) with boxes \
        linecolor rgb light title 'interrupt', \
     '' using (x($0)):(poll(0)) with boxes linecolor rgb dark title 'poll', \
     '' using (x($0)):(poll(0) - half(0)):(0):(2 * half(0)) with @shadow, \
     '' using (x($0)):(poll(0) - half(0)):(0):(2 * half(0)) with @interval title '95 % interval', \
     '' using (column('lane') == 0 ? group_middle($0) : NaN):(0):(strcol('variant')) with labels offset 0,-2 notitle, \
     '' using (x($0)):(0):(strcol('lane')) with labels offset 0,-1 notitle"
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'finish.gpi'

# figure-4.gp -- how long the chains were that polling brought in, per hardware lane, percent of polls, stacked.
#
# Reads lanes-mean.csv.  Run inside a results directory: gnuplot -c .../tools/plot/figure-4.gp
name = 'figure-4'
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'style.gpi'

set ylabel 'Polls that found packets [%]'
set yrange [0:100]
set ytics 20
set xlabel 'Hardware lane' offset 0,-2.4
set bmargin 4.8

short(n) = column('under10_pct')
short_half(n) = column('under10_half')
up_to_50(n) = short(n) + column('10to50_pct')
up_to_50_half(n) = column('over50_half') # what is not above 50

table = 'lanes-mean.csv'
point = 25
name_points = 120
group_size(n) = column('of_variant')
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'rows.gpi'

layers = "plot 'lanes-mean.csv' using (x($0)):(up_to_50(0) + column('over50_pct')) with boxes \
        linecolor rgb light title 'more than 50 packets', \
     '' using (x($0)):(up_to_50(0)) with boxes linecolor rgb middle title '11 to 50', \
     '' using (x($0)):(short(0)) with boxes linecolor rgb dark title '1 to 10', \
     '' using (x($0) - 0.15):(short(0) - short_half(0)):(0):(2 * short_half(0)) with @shadow, \
     '' using (x($0) + 0.15):(up_to_50(0) - up_to_50_half(0)):(0):(2 * up_to_50_half(0)) with @shadow, \
     '' using (x($0) - 0.15):(short(0) - short_half(0)):(0):(2 * short_half(0)) with @interval title '95 % interval', \
     '' using (x($0) + 0.15):(up_to_50(0) - up_to_50_half(0)):(0):(2 * up_to_50_half(0)) with @interval notitle, \
     '' using (column('lane') == 0 ? group_middle($0) : NaN):(0):(strcol('variant')) with labels offset 0,-2 notitle, \
     '' using (x($0)):(0):(strcol('lane')) with labels offset 0,-1 notitle"
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'finish.gpi'

# figure-2.gp -- throughput in both directions, one bar per variant: received, sent, 95 % interval of the sum, and the
# sum of each seed.
#
# Reads metrics-wide.csv and metrics-runs.csv, whose rows are in the order of the variants.  Run inside a results
# directory: gnuplot -c .../tools/plot/figure-2.gp
name = 'figure-2'
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'style.gpi'

set ylabel 'Application throughput [Gb/s]'
set boxwidth 1.2
set bmargin 2.5

total(n) = column('goodput')
half(n) = column('goodput_half')
bar = -1 # goes on from one drawing to the next
last = ''
bar_of(variant) = (variant eq last ? bar : (last = variant, bar = bar + 1)) % variants
x_of(bar) = 2 * bar >= from && 2 * bar < until ? 2 * bar + 0.3 : NaN

table = 'metrics-wide.csv'
point = 55
name_points = 110
group_size(n) = 1
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'rows.gpi'

stats 'metrics-runs.csv' using (strcol('metric') eq 'goodput' ? column('value') : NaN) nooutput
set yrange [0:1.15 * STATS_max]

layers = "plot 'metrics-wide.csv' using (x($0)):(total(0)) with boxes linecolor rgb light title 'sent', \
     '' using (x($0)):(column('goodput-rx')) with boxes linecolor rgb dark title 'received', \
     '' using (x($0)):(total(0) - half(0)):(0):(2 * half(0)) with @shadow, \
     '' using (x($0)):(total(0) - half(0)):(0):(2 * half(0)) with @interval title '95 % interval', \
     'metrics-runs.csv' using (strcol('metric') eq 'goodput' ? x_of(bar_of(strcol('variant'))) : NaN):(column('value')) \
         with points pointtype 6 pointsize 0.6 linecolor rgb 'black' title 'each seed', \
     'metrics-wide.csv' using (x($0)):(total(0) + half(0)):(sprintf('%.2f', total(0))) with labels boxed offset 0,0.9 notitle, \
     '' using (x($0)):(0):(strcol('variant')) with labels offset 0,-1 notitle"
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'finish.gpi'

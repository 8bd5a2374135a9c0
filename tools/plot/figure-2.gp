# figure-2.gp -- throughput in both directions, one bar per variant: received, sent, 95 % interval of the sum, and the
# sum of each seed.
#
# Reads metrics-wide.csv and metrics-runs.csv, whose rows are in the order of the variants.  Run inside a results directory: gnuplot -c .../tools/plot/figure-2.gp
name = 'figure-2'
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'style.gpi'

set ylabel 'Application throughput [Gb/s]'
set yrange [0:*]
set offsets 0.35, 0.35, 1.5, 0
set boxwidth 0.6

total(n) = column('goodput')
half(n) = column('goodput_half')
bar = -1 # goes on from one drawing to the next
last = ''
bar_of(variant) = (variant eq last ? bar : (last = variant, bar = bar + 1)) % STATS_records

stats 'metrics-wide.csv' using (column('variant_number')) nooutput
width = wide_enough(STATS_records, 110)

plot 'metrics-wide.csv' using 0:(total(0)):xtic(1) with boxes linecolor rgb light title 'sent', \
     '' using 0:(column('goodput-rx')) with boxes linecolor rgb dark title 'received', \
     '' using 0:(total(0) - half(0)):(0):(2 * half(0)) with @shadow, \
     '' using 0:(total(0) - half(0)):(0):(2 * half(0)) with @interval title '95 % interval', \
     'metrics-runs.csv' using (strcol('metric') eq 'goodput' ? bar_of(strcol('variant')) + 0.15 : NaN):(column('value')) \
         with points pointtype 6 pointsize 0.6 linecolor rgb 'black' title 'each seed', \
     'metrics-wide.csv' using 0:(total(0) + half(0)):(sprintf('%.2f', total(0))) with labels boxed offset 0,0.9 notitle
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'finish.gpi'

# figure-2.gp -- throughput in both directions, one bar per variant: received, sent, 95 % interval of the sum.
#
# Reads metrics-wide.csv.  Run inside a results directory: gnuplot -c .../tools/plot/figure-2.gp
name = 'figure-2'
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'style.gpi'

set ylabel 'Application throughput [Gb/s]'
set yrange [0:*]
set offsets 0.35, 0.35, 1.5, 0
set boxwidth 0.6

total(n) = column('goodput')
half(n) = column('goodput_half')

stats 'metrics-wide.csv' using (column('variant_number')) nooutput
width = wide_enough(STATS_records, 110)

plot 'metrics-wide.csv' using 0:(total(0)):xtic(1) with boxes linecolor rgb light title 'sent', \
     '' using 0:(column('goodput-rx')) with boxes linecolor rgb dark title 'received', \
     '' using 0:(total(0) - half(0)):(0):(2 * half(0)) with @shadow, \
     '' using 0:(total(0) - half(0)):(0):(2 * half(0)) with @interval title '95 % interval', \
     '' using 0:(total(0) + half(0)):(sprintf('%.2f', total(0))) with labels boxed offset 0,0.9 notitle
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'finish.gpi'

# table-1.gp -- Table 1 of the paper beside what was simulated: four numbers before Crossbow and with it, on one logarithmic axis.
#
# Reads metrics-wide.csv.  Run inside a results directory: gnuplot -c .../tools/plot/table-1.gp
name = 'table-1'
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'style.gpi'

array metric = ['intr-rate', 'csw-rate', 'smtx-rate', 'cpu-idle']
array shown = ['interrupts/s', 'context switches/s', 'mutexes not got at once/s', 'idle time [%%]']
array before = [10818, 4588, 1797, 12]
array with_crossbow = [2823, 875, 261, 27]

set ylabel 'Per second, or percent'
set logscale y
set yrange [1:100000]
set ytics 10
set format y '%.0f'
set xrange [-0.9:22.3]
set boxwidth 1
set key maxrows 2
width = 1200

# Bar k of metric i, from 0: the paper's and ours before, ours with soft rings, the paper's and ours with Crossbow.
at(i, k) = 5.8 * (i - 1) + k
set xtics scale 0 ()
do for [i = 1:4] { set xtics add (shown[i] at(i, 2)) }

mean(i) = column(metric[i])
half(i) = column(metric[i].'_half')
low(i) = mean(i) - half(i) > 1 ? mean(i) - half(i) : 1
high(i) = mean(i) + half(i)
# A column's value in the row of one variant.
of(variant, value) = strcol('variant') eq variant ? value : NaN
text(value) = value < 100 ? sprintf('%.1f', value) : value < 10000 ? sprintf('%.0f', value) : sprintf('%.1fk', value / 1000.0)
above(value) = value * 1.45

ours = 'metrics-wide.csv'
array variant = ['', 'pre-crossbow', 'pre-soft-rings', '', 'crossbow']
array grey = [white, light, middle, white, dark]
array title = ['', 'simulated: before', 'simulated: before, soft rings', '', 'simulated: Crossbow']

layers = "plot for [i = 1:4] '+' using (at(i, 0)):(before[i]) every ::0::0 with boxes fillcolor rgb white title i == 1 ? 'paper: before' : '', \
     for [i = 1:4] '+' using (at(i, 3)):(with_crossbow[i]) every ::0::0 with boxes fillstyle pattern 4 linecolor rgb '#000000' \
         title i == 1 ? 'paper: Crossbow' : '', \
     for [k in '2 3 5'] for [i = 1:4] ours using (at(i, k - 1)):(of(variant[int(k)], mean(i))) with boxes linecolor rgb grey[int(k)] \
         title i == 1 ? title[int(k)] : '', \
     for [k in '2 3 5'] for [i = 1:4] ours using (at(i, k - 1)):(of(variant[int(k)], low(i))):(0):(high(i) - low(i)) with @shadow, \
     for [k in '2 3 5'] for [i = 1:4] ours using (at(i, k - 1)):(of(variant[int(k)], low(i))):(0):(high(i) - low(i)) with @interval \
         title i == 1 && int(k) == 2 ? '95 % interval' : '', \
     for [i = 1:4] '+' using (at(i, 0)):(above(before[i])):(text(before[i])) every ::0::0 with labels notitle, \
     for [i = 1:4] '+' using (at(i, 3)):(above(with_crossbow[i])):(text(with_crossbow[i])) every ::0::0 with labels notitle, \
     for [k in '2 3 5'] for [i = 1:4] ours using (at(i, k - 1)):(of(variant[int(k)], above(high(i)))):(text(mean(i))) with labels notitle"
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'finish.gpi'

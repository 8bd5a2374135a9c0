# tornado.gp -- which prices an outcome hangs on: a panel per outcome, a bar per entry of the cost profile from the
# outcome at the low end of its bracket (light) to that at the high end (dark), largest swing first.  The line is the
# outcome with the profile as it is, the band its 95 % interval.  White: changes that are within noise.
#
# Reads tornado.csv.  Run inside a results directory: gnuplot -c .../tools/plot/tornado.gp
name = 'tornado'
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'style.gpi'

stats 'tornado.csv' using (column('panels')) nooutput
panels = int(STATS_max)
stats 'tornado.csv' using (column('rank')) nooutput
ranks = int(STATS_max)
panel_columns = panels > 1 ? 2 : 1
panel_rows = (panels + panel_columns - 1) / panel_columns

# Texts, bases and ranges of the panels, read in passing.
array what[panels]
array unit[panels]
array base[panels]
array half[panels]
array low[panels]
array high[panels]
do for [i = 1:panels] { low[i] = 1e300; high[i] = -1e300 }
least(a, b) = b < a ? b : a  # a, when b is no number
most(a, b) = b > a ? b : a
note(i) = (what[i] = stringcolumn('title'), unit[i] = stringcolumn('unit'), base[i] = column('base'), \
           half[i] = column('base_half') > 0 ? column('base_half') : 0.0, \
           low[i] = least(least(least(low[i], column('at_low')), column('at_high')), base[i] - half[i]), \
           high[i] = most(most(most(high[i], column('at_low')), column('at_high')), base[i] + half[i]), i)
set table $nothing
plot [*:*] [-1:1] 'tornado.csv' using (note(int(column('panel')))):(0)
unset table
axis(i) = strlen(unit[i]) ? '['.unit[i].']' : '[ratio]'

# About five marks: 1, 2 or 5 times a power of ten apart.
power(x) = 10.0 ** floor(log10(x))
step(x) = x / power(x) < 2 ? power(x) : x / power(x) < 5 ? 2 * power(x) : 5 * power(x)

set border 1
set grid noytics xtics back linetype 1 linewidth 0.5 linecolor rgb '#c8c8c8'
set xtics scale 0.5 autofreq
set ytics scale 0
set offsets 0, 0, 0, 0
set autoscale noextend
set yrange [-ranks - 0.6:-0.4]
set lmargin 36
set rmargin 4
set key off

clear(one) = column('clear') > 0
y(one) = -column('rank')

width = panel_columns * 700
height = panel_rows * (110 + ranks * 22)
svg = sprintf("svg size %d,%d dynamic background rgb 'white' font 'Helvetica,Arial,sans-serif,13' noenhanced", width, height)
png = sprintf("pngcairo size %d,%d background rgb 'white' font 'Sans,11' noenhanced", width, height)

do for [kind in 'svg png'] {
    if (kind eq 'svg') { set terminal @svg } else { set terminal @png }
    set output name.'.'.kind
    set multiplot layout panel_rows, panel_columns title \
        'each price alone: light at its low end, dark at its high end, white where the change is within noise'
    do for [i = 1:panels] {
        room = high[i] > low[i] ? 0.04 * (high[i] - low[i]) : 1.0
        set xrange [low[i] - room:high[i] + room]
        set xtics step(0.4 * (high[i] - low[i] + 2 * room))
        set format x (step(0.4 * (high[i] - low[i] + 2 * room)) >= 1000 ? '%.0s%c' : '%g')
        set title what[i]
        set xlabel axis(i)
        set object 1 rectangle from first base[i] - half[i], graph 0 to first base[i] + half[i], graph 1 \
            fillcolor rgb '#e8e8e8' fillstyle solid 1.0 noborder behind
        set arrow 1 from first base[i], graph 0 to first base[i], graph 1 nohead linewidth 1.2 front
        plot for [end in 'at_low at_high'] for [loud = 0:1] 'tornado.csv' every ::(i - 1) * ranks::(i * ranks - 1) \
            using (base[i]):(y(1)):(base[i]):(loud == clear(1) ? column(end) : base[i]):(y(1) - 0.36):(y(1) + 0.36):ytic(stringcolumn('label')) \
            with boxxyerror fillcolor rgb (loud == 0 ? white : end eq 'at_low' ? light : dark)
    }
    unset multiplot
    unset output
}

# cpus.gp -- where each CPU's time of the machine of interest went, by activity, percent, stacked.
#
# Reads cpus-mean.csv.  Run inside a results directory: gnuplot -c .../tools/plot/cpus.gp
# Greys and hatchings take turns, so that neighbours differ in print as well.
name = 'cpus'
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'style.gpi'

set ylabel 'Time [%]'
set yrange [0:100]
set ytics 20
set xlabel 'CPU' offset 0,-2.4
set bmargin 4.8
set key maxrows 2

# Tops of the layers, from below.
interrupt(n) = column('act_intr_pct')
poll(n) = interrupt(n) + column('act_poll_pct')
protocol(n) = poll(n) + column('act_proto_pct')
kernel(n) = protocol(n) + column('act_sys_pct')
user(n) = kernel(n) + column('act_user_pct')
spin(n) = user(n) + column('act_spin_pct')
half(n) = column('act_idle_half')

# A hatched layer is drawn over a white one, or what lies behind would show through.
hatched = "fillstyle pattern"
table = 'cpus-mean.csv'
point = 21
name_points = 110
group_size(n) = column('of_variant')
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'rows.gpi'

layers = "plot 'cpus-mean.csv' using (x($0)):(spin(0) + column('act_idle_pct')) with boxes linecolor rgb white title 'idle', \
     '' using (x($0)):(spin(0)) with boxes linecolor rgb '#000000' title 'spin', \
     '' using (x($0)):(user(0)) with boxes linecolor rgb white notitle, \
     '' using (x($0)):(user(0)) with boxes @hatched 4 linecolor rgb '#000000' title 'app, user', \
     '' using (x($0)):(kernel(0)) with boxes linecolor rgb light title 'app, kernel', \
     '' using (x($0)):(protocol(0)) with boxes linecolor rgb middle title 'protocol', \
     '' using (x($0)):(poll(0)) with boxes linecolor rgb white notitle, \
     '' using (x($0)):(poll(0)) with boxes @hatched 1 linecolor rgb '#000000' title 'poll', \
     '' using (x($0)):(interrupt(0)) with boxes linecolor rgb dark title 'interrupt', \
     '' using (x($0)):(spin(0) - half(0)):(0):(2 * half(0)) with @shadow, \
     '' using (x($0)):(spin(0) - half(0)):(0):(2 * half(0)) with @interval title '95 % interval', \
     '' using (column('cpu') == 0 ? group_middle($0) : NaN):(0):(strcol('variant')) with labels offset 0,-2 notitle, \
     '' using (x($0)):(0):(strcol('cpu')) with labels offset 0,-1 notitle"
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'finish.gpi'

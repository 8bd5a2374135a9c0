# cpus.gp -- what each CPU of the machine of interest did: user, system, interrupt, idle, percent of time, stacked.
#
# Reads cpus-mean.csv.  Run inside a results directory: gnuplot -c .../tools/plot/cpus.gp
name = 'cpus'
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'style.gpi'

set ylabel 'Time [%]'
set yrange [0:100]
set ytics 20
set xlabel 'CPU' offset 0,-1
set bmargin 4.8

sys(n) = column('sys_pct')
usr(n) = sys(n) + column('usr_pct')
busy(n) = usr(n) + column('intr_pct')
half(n) = column('idl_half')

plot 'cpus-mean.csv' using (x($0)):(busy(0) + column('idl_pct')):xtic(3) with boxes linecolor rgb white title 'idle', \
     '' using (x($0)):(busy(0)) with boxes linecolor rgb light title 'interrupt', \
     '' using (x($0)):(usr(0)) with boxes linecolor rgb middle title 'user', \
     '' using (x($0)):(sys(0)) with boxes linecolor rgb dark title 'system', \
     '' using (x($0)):(busy(0) - half(0)):(0):(2 * half(0)) with @shadow, \
     '' using (x($0)):(busy(0) - half(0)):(0):(2 * half(0)) with @interval title '95 % interval', \
     '' using (column('cpu') == 0 ? group_middle($0) : NaN):(0):(strcol('variant')) with labels offset 0,-2 notitle
load ARG0[1:strlen(ARG0) - strlen(name.'.gp')].'finish.gpi'

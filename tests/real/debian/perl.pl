# perl at work: on texts and on the modules that Debian's packages bring.
use strict;
use warnings;
$| = 1;
my $L = "/usr/share/common-licenses";
sub contents { local $/; open my $f, '<', shift or die; my $s = <$f>; return $s }

print "== words of a text\n";
my (%count, %by_length);
for my $name (qw(GPL-1 GPL-2 GPL-3 LGPL-2.1 MPL-2.0)) { my $t = contents("$L/$name"); $count{lc $1}++ while $t =~ /([[:alpha:]]+)/g }
$by_length{length $_}++ for keys %count;
printf "%6d %s\n", $count{$_}, $_ for (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 14];
print join(' ', map { "$_:$by_length{$_}" } sort { $a <=> $b } keys %by_length), "\n";

print "== patterns\n";
my $text = contents("$L/GPL-3");
my @titles = $text =~ /^\s*(\d+\. [A-Z][^.]*)\./mg; print scalar(@titles), " $_\n" for @titles[0 .. 3];
(my $marked = $text) =~ s/(?<word>\b(?:free|software)\b)(?=\s)/<$+{word}>/gi; print length($marked) - length($text), "\n";
print join('|', "2024-02-29" =~ /^(\d+)-(\d+)-(\d+)$/), ' ', join('|', split /\s*,\s*/, 'a , b,c ,d'), "\n";
my $nested; $nested = qr/\((?:[^()]++|(??{ $nested }))*\)/; print "f(a(b)c(d(e)))x" =~ /($nested)/ ? "$1\n" : "no\n";
(my $rot = substr $text, 0, 60) =~ tr/A-Za-z/N-ZA-Mn-za-m/; print "$rot\n"; $_ = 'aaa'; print s/a/b/gr, ' ', tr/a//, "\n";
my $n = () = $text =~ /\b(\w)\w*\1\b/g; print "$n\n"; print join(',', map { sprintf '%vd', $_ } '1.22.333'), ' ', "\x{263a}" =~ /\p{So}/ ? 'a symbol' : '', "\n";

print "== every module compiles\n";
my @modules = split /\n/, `find /usr/lib/i386-linux-gnu/perl-base -name '*.pm' | sort`;
my ($ok, @bad) = 0;
for my $m (@modules[grep { $_ % 6 == 0 } 0 .. $#modules]) { system("$^X -c $m >c.out 2>&1") == 0 ? $ok++ : push @bad, $m }
print scalar(@modules), " $ok\n", map { "$_\n" } @bad;

print "== their lines sorted\n";
my (%seen, @lines);
for my $m (@modules) { open my $f, '<', $m or die; while (<$f>) { chomp; push @lines, $_ unless $seen{$_}++ } }
my $sum = 0; $sum = ($sum * 31 + length) % 1000003 for sort @lines; print scalar(@lines), " $sum ", unpack('%32C*', join "\n", sort @lines), "\n";

print "== numbers and packing\n";
printf "%.15g %s %s %d %e\n", atan2(1, 1) * 4, 10 / 3, 2 ** 60, -7 / 2, exp 50; print 7 % -3, ' ', -7 % 3, ' ', 1e15 + 1, ' ', 0x1f, ' ', 1_000 . '', ' ', 9 ** 30, "\n";
my @sieve = (1) x 30000; for my $i (2 .. 173) { next unless $sieve[$i]; for (my $j = $i * $i; $j < 30000; $j += $i) { $sieve[$j] = 0 } } print scalar(grep { $sieve[$_] } 2 .. 29999), "\n";
print unpack('H*', pack('NnCa5w(A2)*', 1, 2, 3, 'text', 300, 'ab', 'cd')), ' ', join(',', unpack 'N n C A5 w (A2)*', pack 'NnCa5w(A2)*', 1, 2, 3, 'text', 300, 'ab', 'cd'), "\n";
{ use integer; print -7 / 2, ' ', 2147483647 + 1, "\n" } srand 42; print join(' ', map { int rand 1000 } 1 .. 5), "\n"; print sprintf('%b %o %s', 10, 8, join ',', sort { $a <=> $b } map { $_ ** 2 % 17 } 1 .. 16), "\n";

print "== modules\n";
use List::Util qw(sum max first shuffle reduce); use Scalar::Util qw(blessed reftype weaken); use POSIX qw(floor strftime :sys_wait_h dup2); use File::Temp (); use Getopt::Long; use Text::ParseWords; use Socket; use Errno qw(ENOENT); use Fcntl qw(:flock SEEK_SET); use IO::File; use Hash::Util 'lock_keys'; use Cwd; use Tie::Hash;
print sum(1 .. 100), ' ', max(3, 9, 2), ' ', first(sub { $_ > 3 }, 1 .. 9), ' ', reduce(sub { $a * $b }, 1 .. 10), ' ', floor(-2.5), ' ', strftime('%F %T', gmtime 86400 * 365), "\n";
@ARGV = qw(--size=3 --name x rest); GetOptions('size=i' => \my $size, 'name=s' => \my $name); print "$size $name @ARGV ", join('|', shellwords(q(a "b c" d\ e))), "\n";
my %locked = (a => 1); lock_keys(%locked); eval { $locked{b} = 1 }; print $@ =~ s/ at .*//sr, "\n"; print open(my $none, '<', '/nothere') ? '' : "$! " . ($!{ENOENT} ? 1 : 0), "\n";
package Point { sub new { my ($c, @p) = @_; bless [@p], $c } use overload '+' => sub { Point->new(map { $_[0][$_] + $_[1][$_] } 0, 1) }, '""' => sub { "(@{$_[0]})" }; sub DESTROY { print "gone $_[0]\n" } }
{ my $p = Point->new(1, 2) + Point->new(3, 4); print "$p ", blessed($p), ' ', reftype($p), "\n" } my @sorted = map { $_->[1] } sort { $a->[0] <=> $b->[0] or $a->[1] cmp $b->[1] } map { [length, $_] } qw(pear fig apple kiwi); print "@sorted\n";
format STDOUT =
@<<<<<< @>>>>> @##.## ^*
$name, $size, $sum, $_
.
$name = 'row'; $sum = 3.14159; $_ = 'text'; write;

print "== processes\n";
pipe my $r, my $w; my $pid = fork; if (!$pid) { close $r; print $w "from $_\n" for 1 .. 3; close $w; POSIX::_exit(7) } close $w; print <$r>; waitpid $pid, 0; print $? >> 8, "\n";
my @got = map { my $c = $_; my $p = open(my $k, '-|') // die; if (!$p) { print $c ** 3; exit } my $v = <$k>; close $k; $v } 1 .. 8; print "@got\n";
local $SIG{ALRM} = sub { die "alarm\n" }; eval { alarm 1; select undef, undef, undef, 5; 1 } or print $@; local $SIG{CHLD} = sub { 1 while waitpid(-1, WNOHANG) > 0; print "child\n"; $pid = 0 }; $pid = fork // die; exit 0 unless $pid; for (1 .. 300) { last unless $pid; select undef, undef, undef, 0.1 } $SIG{CHLD} = 'DEFAULT';
open my $f, '+>', 'file' or die; flock $f, LOCK_EX; print $f "line $_\n" for 1 .. 1000; seek $f, 0, SEEK_SET; my @l = <$f>; print scalar(@l), " $l[500]"; truncate $f, 50; print -s 'file', "\n"; print join(' ', map { -d $_ ? 'd' : -x _ ? 'x' : -e _ ? 'e' : '-' } '/', '/bin/ls', '/etc/passwd', '/nothere'), "\n"; open my $m, '<', \"in\nmemory\n"; print scalar(my @m = <$m>), "\n";
print `echo in a shell; exit 3`, $? >> 8, ' ', system('kill -TERM $$') & 127, "\n"; rename 'file', 'file2'; print join(' ', sort glob '*'), "\n"; unlink 'file2'; my @st = stat '/'; print scalar(@st), "\n"; print sprintf("%s %s\n", (getpwuid 0)[0, 7]); my @times = times; print scalar(@times), "\n";

print "== sockets\n";
socketpair my $x, my $y, AF_UNIX, SOCK_STREAM, PF_UNSPEC or print "socketpair: $!\n"; syswrite $x, "through a socket\n"; sysread $y, my $buffer, 100; print $buffer;

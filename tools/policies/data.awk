# 60000 lines of two words and a number, the same each time: a generator of its own (Park and Miller's),
# as awks differ in theirs.
function random(below) {
	state = state * 16807 % 2147483647
	return int(state / 2147483647 * below)
}
BEGIN {
	state = 1
	for (i = 0; i < 60000; i++)
		printf "w%05x w%05x %d\n", random(60000) * 17, random(60000) * 17, random(1000000000)
}

# Reads what `nm --numeric-sort` says of the kernel and writes the table of its functions, sorted
# by address, as NASM source for kernel/ksyms.c: an address and a pointer to a name for each.
#
#	nm --numeric-sort loft.elf | awk -v base=c0000000 -f tools/ksyms.awk >ksyms.asm
#
# Left out: the loader, which is linked below `base`, the linker script's marks, NASM's local
# labels (function.label), and all names but the first for one address.

BEGIN {
	count = 0
	print "section .ksyms progbits alloc noexec nowrite align=4"
	print "global ksyms_table, ksyms_count"
	split("kernel_start init_start init_end text_start text_end", marks)
	for (i in marks)
		is_mark[marks[i]] = 1
}

# mawk has no numbers for 32-bit hexadecimal, but equally long strings compare alike.
$2 ~ /^[tTwW]$/ && $1 "" >= base && $1 != last && !($3 in is_mark) && !is_local_label($3) {
	address[count] = $1
	name[count++] = $3
	last = $1
}

# The compiler's own dotted names (name.part.0, name.cold, ...) are functions.
function is_local_label(symbol) {
	return symbol ~ /\./ && symbol !~ /\.(part|isra|constprop|cold|lto_priv)(\.|$)/
}

END {
	print "ksyms_count: dd " count + 0
	print "ksyms_table:"
	for (i = 0; i < count; i++)
		printf "\tdd 0x%s, .n%d\n", address[i], i
	for (i = 0; i < count; i++)
		printf ".n%d: db \"%s\", 0\n", i, name[i]
}

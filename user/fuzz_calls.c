/*
 * What the arguments of the i386 system calls are, for fuzz to make them likely to be valid, and
 * which calls are special.
 *
 * One letter for each argument:
 *   f descriptor   n path   p structure   t short time   s size of memory   o offset or length
 *   a page         z bytes of pages       l flags        i small number     g signal
 *   d process      u user or group        m mode         x anything
 *
 * Numbers are those of linux/arch/x86/entry/syscalls/syscall_32.tbl.
 */
#include "libc/libc.h"

#include "fuzz.h"

/* clang-format off */
const char shapes[LAST_CALL + 1][7] = {
	/* memory */
	[45] = "a", [90] = "p", [91] = "az", [125] = "azi", [144] = "azi", [150] = "az",
	[151] = "az", [152] = "i", [153] = "x", [163] = "azzia", [192] = "azilfo",
	[218] = "azp", [219] = "azi", [225] = "foxs", [257] = "aziil", [314] = "foxoxl",
	[376] = "azi",

	/* processes */
	[1] = "i", [2] = "x", [7] = "dpi", [11] = "npp", [20] = "x", [23] = "u", [24] = "x",
	[34] = "i", [46] = "u", [47] = "x", [49] = "x", [50] = "x", [57] = "dd", [64] = "x",
	[65] = "x", [66] = "x", [70] = "uu", [71] = "uu", [75] = "ip", [76] = "ip",
	[77] = "ip", [80] = "ip", [81] = "ip", [96] = "id", [97] = "idi", [114] = "dpip",
	[120] = "lpppp", [132] = "d", [136] = "l", [138] = "u", [139] = "u", [147] = "d",
	[154] = "dp", [155] = "dp", [156] = "dip", [157] = "d", [158] = "x", [159] = "i",
	[160] = "i", [164] = "uuu", [165] = "ppp", [170] = "uuu", [171] = "ppp",
	[172] = "ixxxx", [184] = "pp", [185] = "pp", [190] = "x", [191] = "ip", [199] = "x",
	[200] = "x", [201] = "x", [202] = "x", [203] = "uu", [204] = "uu", [205] = "ip",
	[206] = "ip", [208] = "uuu", [209] = "ppp", [210] = "uuu", [211] = "ppp", [213] = "u",
	[214] = "u", [215] = "u", [216] = "u", [224] = "x", [240] = "piitpi", [241] = "dsp",
	[242] = "dsp", [243] = "p", [244] = "p", [252] = "i", [258] = "p", [284] = "idpip",
	[311] = "ps", [312] = "dpp", [340] = "dipp", [386] = "psix", [422] = "piitpi",
	[318] = "ppp", [375] = "iii", [435] = "ps",

	/* System V IPC */
	[117] = "iiiipi", [395] = "isl", [396] = "iip", [397] = "ial", [398] = "a",

	/* signals */
	[0] = "x", [29] = "x", [37] = "dg", [48] = "gp", [67] = "gpp", [68] = "x", [69] = "l",
	[72] = "xxl", [73] = "p", [119] = "x", [126] = "ipp", [173] = "x", [174] = "gppi",
	[175] = "ippi", [176] = "pi", [177] = "ppti", [178] = "dgp", [179] = "pi",
	[186] = "pp", [238] = "dg", [270] = "ddg", [335] = "ddgp", [421] = "ppti",

	/* time and the machine */
	[13] = "p", [25] = "p", [27] = "i", [43] = "p", [59] = "p", [74] = "ps", [78] = "pp",
	[79] = "pp", [88] = "xxxx", [103] = "ips", [104] = "itp", [105] = "ip", [109] = "p",
	[116] = "p", [121] = "ps", [122] = "p", [162] = "tp", [264] = "ip", [265] = "ip",
	[266] = "ip", [267] = "iitp", [355] = "psi", [403] = "ip", [404] = "ip", [406] = "ip",
	[407] = "iitp",

	/* files */
	[3] = "fps", [4] = "fps", [5] = "nlm", [6] = "f", [8] = "nm", [9] = "nn", [10] = "n",
	[12] = "n", [14] = "nmx", [15] = "nm", [16] = "nuu", [19] = "foi", [21] = "nnnlp",
	[22] = "n", [30] = "np", [33] = "ni", [36] = "x", [38] = "nn", [39] = "nm", [40] = "n",
	[41] = "f", [42] = "p", [52] = "ni", [54] = "fxp", [55] = "fix", [60] = "m", [61] = "n",
	[63] = "ff", [82] = "p", [83] = "nn", [85] = "nps", [87] = "nl", [115] = "n", [92] = "no", [93] = "fo",
	[94] = "fm", [95] = "fuu", [99] = "np", [100] = "fp", [106] = "np", [107] = "np",
	[108] = "fp", [118] = "f", [133] = "f", [140] = "fiopi", [141] = "fps",
	[142] = "ipppt", [143] = "fi", [145] = "fpi", [146] = "fpi", [148] = "f",
	[168] = "pii", [180] = "fpsoi", [181] = "fpsoi", [182] = "nuu", [183] = "ps",
	[187] = "ffps", [193] = "noi", [194] = "foi", [195] = "np", [196] = "np", [197] = "fp",
	[198] = "nuu", [207] = "fuu", [212] = "nuu", [220] = "fps", [221] = "fix",
	[226] = "nnpsi", [227] = "nnpsi", [228] = "fnpsi", [229] = "nnps", [230] = "nnps",
	[231] = "fnps", [232] = "nps", [233] = "nps", [234] = "fps", [235] = "nn",
	[236] = "nn", [237] = "fn", [239] = "ffps", [250] = "foisi", [268] = "nsp",
	[269] = "fsp", [271] = "np", [272] = "foioii", [295] = "fnlm", [296] = "fnm",
	[297] = "fnmx", [298] = "fnuui", [299] = "fnp", [300] = "fnpl", [301] = "fnl",
	[302] = "fnfn", [303] = "fnfnl", [304] = "nfn", [305] = "fnps", [306] = "fnm",
	[307] = "fni", [308] = "ippptp", [309] = "pitpi", [320] = "fnpl", [324] = "fioioi",
	[330] = "ffl", [331] = "pl", [333] = "fpioi", [334] = "fpioi", [344] = "f",
	[347] = "dpipil", [348] = "dpipil",
	[353] = "fnfni", [356] = "nl", [383] = "fnlxp", [412] = "fnpl", [413] = "ippptp", [414] = "pitpi",
	[436] = "ffi", [439] = "fnil",

	/* processes by descriptor */
	[424] = "fgpi", [434] = "dl",

	/* files, once more */
	[358] = "fnppl", [377] = "fpfpsi", [378] = "fpioii", [379] = "fpioii",

	/* sockets */
	[102] = "ip", [337] = "fpilt", [345] = "fpil", [359] = "iii", [360] = "iiip", [361] = "fps",
	[362] = "fps", [363] = "fi", [364] = "fppl", [365] = "fiipp", [366] = "fiips",
	[367] = "fpp", [368] = "fpp", [369] = "fpslps", [370] = "fpl", [371] = "fpslpp",
	[372] = "fpl", [373] = "fi", [417] = "fpilt",

	/* timers */
	[259] = "ipp", [260] = "iltp", [261] = "ip", [262] = "i", [263] = "i", [408] = "ip",
	[409] = "iltp",

	/* events */
	[254] = "i", [255] = "fifp", [256] = "fpii", [319] = "fpiipi", [329] = "l",
	[441] = "fpitpi",
	[321] = "fpi", [322] = "il", [323] = "i", [325] = "fitp", [326] = "fp", [327] = "fpil",
	[328] = "il", [410] = "fp", [411] = "fitp",

	/* terminals */
	[111] = "x",
};
/* clang-format on */

const struct special_call special[] = {
	{ 88, NOT_BY_ROOT, "reboot ends the machine" },
	{ 37, NOT_BY_ROOT, "kill reaches every process" },
	{ 238, NOT_BY_ROOT, "tkill reaches every process" },
	{ 270, NOT_BY_ROOT, "tgkill reaches every process" },
	{ 178, NOT_BY_ROOT, "rt_sigqueueinfo reaches every process" },
	{ 335, NOT_BY_ROOT, "rt_tgsigqueueinfo reaches every process" },
	{ 424, NOT_BY_ROOT, "pidfd_send_signal reaches every process" },
	{ 26, NOT_BY_ROOT, "ptrace stops every process" },
	{ 61, NOT_BY_ROOT, "chroot opens the way out of the file system of its own" },
	{ 347, NOT_BY_ROOT, "process_vm_readv reaches every process" },
	{ 348, NOT_BY_ROOT, "process_vm_writev reaches every process" },
	{ 340, NOT_BY_ROOT, "prlimit64 limits every process" },
	{ 97, NOT_BY_ROOT, "setpriority slows every process" },
	{ 2, MAKES_CHILD, "fork" },
	{ 120, MAKES_CHILD, "clone" },
	{ 190, MAKES_CHILD, "vfork" },
	{ 435, MAKES_CHILD, "clone3" },
	{ 1, ENDS, "exit" },
	{ 252, ENDS, "exit_group" },
	{ 119, ENDS, "sigreturn" },
	{ 173, ENDS, "rt_sigreturn" },
	{ 0, 0, NULL },
};

int what_of(uint32_t call)
{
	for (size_t i = 0; special[i].why; i++)
		if (special[i].number == call)
			return special[i].what;
	return 0;
}

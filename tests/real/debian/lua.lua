-- Lua at work: numbers, strings, tables, coroutines, on texts that Debian's packages bring.
local function section(title) print(title) io.stdout:flush() end
local L = "/usr/share/common-licenses/"
local function contents(name) local f = assert(io.open(L .. name)) local s = f:read("a") f:close() return s end

section("== words of a text")
local count, words = {}, 0
for w in contents("GPL-3"):lower():gmatch("%a+") do count[w] = (count[w] or 0) + 1 words = words + 1 end
local list = {}
for w, n in pairs(count) do list[#list + 1] = { w = w, n = n } end
table.sort(list, function(a, b) return a.n > b.n or a.n == b.n and a.w < b.w end)
print(words, #list)
for i = 1, 12 do print(list[i].n, list[i].w) end

section("== a compressor and its inverse")
local function lzw(s)
	local book, size, out, w = {}, 256, {}, ""
	for i = 0, 255 do book[string.char(i)] = i end
	for c in s:gmatch(".") do
		if book[w .. c] then w = w .. c
		else out[#out + 1] = book[w] book[w .. c] = size size = size + 1 w = c end
	end
	out[#out + 1] = book[w]
	return out
end
local function unlzw(codes)
	local book, size = {}, 256
	for i = 0, 255 do book[i] = string.char(i) end
	local w = book[codes[1]]
	local out = { w }
	for i = 2, #codes do
		local entry = book[codes[i]] or w .. w:sub(1, 1)
		out[#out + 1] = entry
		book[size] = w .. entry:sub(1, 1)
		size, w = size + 1, entry
	end
	return table.concat(out)
end
for _, name in ipairs { "BSD", "GPL-2", "LGPL-3" } do
	local text = contents(name):gsub("\n", "|")
	local codes = lzw(text)
	print(name, #text, #codes, unlzw(codes) == text)
end

section("== numbers")
local sieve, primes = {}, 0
for i = 2, 100000 do
	if not sieve[i] then primes = primes + 1 for j = i * i, 100000, i do sieve[j] = true end end
end
print(primes, 2 ^ 53, math.maxinteger, math.mininteger // -1, 7 // -2, 7 % -3, 7.5 // 2, 1 / 0, -1 / 0, 0 / 0 ~= 0 / 0)
print(string.format("%.17g %a %5.2f %e", math.pi, 1 / 3, math.sin(1), math.exp(10)), 1 << 62, ~0, 0xff ~ 0x0f, math.ult(1, -1))
math.randomseed(42) -- both sides have the same generator
print(math.random(1000), math.random(1000), math.random())
local function queens(n)
	local solutions, rows, up, down = 0, {}, {}, {}
	local function place(c)
		if c > n then solutions = solutions + 1 return end
		for r = 1, n do
			if not (rows[r] or up[r + c] or down[r - c]) then
				rows[r], up[r + c], down[r - c] = true, true, true
				place(c + 1)
				rows[r], up[r + c], down[r - c] = nil, nil, nil
			end
		end
	end
	place(1)
	return solutions
end
print(queens(4), queens(6), queens(8))

section("== strings")
print(("%d %s %q"):format(42, "x", 'a "quoted"\n'), ("abc"):rep(3, "-"), ("hello"):byte(1, -1))
print(string.pack("<i4 s2 d", 77, "text", 2.5):gsub(".", function(c) return ("%02x"):format(c:byte()) end))
print(string.unpack("<i4 s2 d", string.pack("<i4 s2 d", 77, "text", 2.5)))
print(("key = value; other=thing"):gsub("(%w+)%s*=%s*(%w+)", "%2<-%1"), ("f(a(b)c)"):match("%b()"), ("THE (quick) fox"):find("%((%a+)%)"))
print(utf8.char(228, 8364, 128512), utf8.len("äöü€"), #"äöü€", utf8.codepoint("€", 1))
local title = contents("GPL-3"):gsub("%f[%a]%a", string.upper)
local checksum = 0
for i = 1, #title do checksum = (checksum * 31 + title:byte(i)) & 0xffffffff end
print(checksum)

section("== coroutines, closures, metatables")
local function permutations(a, n)
	if n == 0 then coroutine.yield(table.concat(a)) return end
	for i = 1, n do a[n], a[i] = a[i], a[n] permutations(a, n - 1) a[n], a[i] = a[i], a[n] end
end
local seen = {}
for p in coroutine.wrap(function() permutations({ "a", "b", "c", "d" }, 4) end) do seen[#seen + 1] = p end
print(#seen, table.concat(seen, " "))
local V = {}
V.__index = V
V.__add = function(a, b) return setmetatable({ a[1] + b[1], a[2] + b[2] }, V) end
V.__tostring = function(a) return "(" .. a[1] .. ", " .. a[2] .. ")" end
V.__close = function(a) print("closed", a) end
do local v <close> = setmetatable({ 1, 2 }, V) print(v + v, rawlen(v), getmetatable(v) == V) end
print(pcall(error, { code = 5 }), select("#", pcall(function() local x <const> = nil; return x.y end)))
print(xpcall(function() error("deep", 2) end, function(m) return "handled: " .. m end))
print(select(2, pcall(string.rep, "x", 1 << 40)))

section("== memory")
local chunks = {}
for round = 1, 5 do
	for i = 1, 20000 do chunks[i] = { i, tostring(i) } end
	collectgarbage()
end
local before = collectgarbage("count")
chunks = nil
collectgarbage()
print(before > 1000, collectgarbage("count") < before / 2)
local weak = setmetatable({}, { __mode = "k" })
for i = 1, 100 do weak[{}] = i end
collectgarbage()
print(next(weak))
print(#string.rep("0123456789", 400000), pcall(string.rep, "x", 1 << 33))

section("== files and processes")
local name = os.tmpname()
local f = assert(io.open(name, "w+"))
for i = 1, 5000 do f:write(i, " ", i * i, "\n") end
f:seek("set", 100) print(f:read("l", "n", "n", "L")) print(f:seek("end"))
f:close()
local sum = 0
for a, b in io.lines(name, "n", "n") do sum = sum + a * b end
print(sum, os.remove(name), (select(3, io.open(name))))
local p = io.popen("sort -r | head -n 3", "w") p:write("one\ntwo\nthree\nfour\n") print(p:close())
print(io.popen("expr 6 \\* 7"):read("n"), os.execute("exit 3"), os.getenv("HOME"), os.time { year = 2020, month = 2, day = 29, hour = 12 })
print(os.date("!%Y-%m-%d %H:%M:%S", 1e9), os.rename("nothere", "x"))

section("== a compiled chunk")
local out = assert(io.open("chunk.lua", "w"))
out:write("local n = ... local a, b = 0, 1 for i = 1, n do a, b = b, a + b end return a")
out:close()
print(os.execute("luac5.4 -o chunk.luac chunk.lua"), loadfile("chunk.luac")(80), load(string.dump(loadfile("chunk.lua")))(50))

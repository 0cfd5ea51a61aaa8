#!/bin/bash
# Builds a real i686-elf binutils and gcc from Debian's source packages, into build/toolchain
# or $LOFT_TOOLCHAIN. The Makefile puts build/toolchain/bin first on its PATH.
#
#   tools/toolchain.sh
#
# Takes ten minutes on two idle cores and 2 GB under build/toolchain.work, which is removed in
# the end. What was finished by an earlier, interrupted run is not done again.
set -eu
cd "$(dirname "$0")/.."

prefix=$(realpath -m "${LOFT_TOOLCHAIN:-build/toolchain}")
work=$prefix.work
target=i686-elf
jobs=$(nproc)

if [ -x "$prefix/bin/$target-gcc" ] && [ -f "$prefix/complete" ]; then
	echo "toolchain: $prefix is there already"
	exit 0
fi

tools/setup.sh toolchain
mkdir -p "$work" "$prefix"
export PATH="$prefix/bin:$PATH"

# unpack NAME PATTERN: a source tarball as $work/NAME
unpack() {
	[ -f "$work/$1/.unpacked" ] && return
	echo "toolchain: unpacking $1"
	rm -rf "${work:?}/$1"
	mkdir -p "$work/$1"
	# shellcheck disable=SC2086 # the pattern is to be expanded
	tar -xf "$(ls $2 | tail -n 1)" -C "$work/$1" --strip-components=1
	touch "$work/$1/.unpacked"
}

# step NAME FOLDER COMMAND...: runs it in the build folder, once, with its output in a log
step() {
	local name=$1 folder=$2
	shift 2
	[ -f "$work/$name.done" ] && return
	echo "toolchain: $name"
	mkdir -p "$work/$folder"
	if ! (cd "$work/$folder" && "$@") >"$work/$name.log" 2>&1; then
		tail -n 20 "$work/$name.log" >&2
		echo "toolchain: $name failed; all of its output is in $work/$name.log" >&2
		exit 1
	fi
	touch "$work/$name.done"
}

unpack binutils '/usr/src/binutils/binutils-*.tar.xz'
step binutils-configure binutils-build ../binutils/configure --target=$target \
	--prefix="$prefix" --disable-nls --disable-werror --disable-gdb --disable-gprofng \
	--with-system-zlib MAKEINFO=true
step binutils-build binutils-build make -j"$jobs" MAKEINFO=true CFLAGS="-O1 -g0" \
	CXXFLAGS="-O1 -g0"
step binutils-install binutils-build make install-strip MAKEINFO=true

unpack gcc '/usr/src/gcc-12/gcc-*-dfsg.tar.xz'
step gcc-configure gcc-build ../gcc/configure --target=$target --prefix="$prefix" \
	--enable-languages=c --without-headers --disable-nls --disable-bootstrap \
	--disable-multilib --disable-lto --disable-libssp --disable-libquadmath \
	--disable-plugin --disable-gcov --with-system-zlib --enable-checking=release \
	MAKEINFO=true
step gcc-build gcc-build make -j"$jobs" all-gcc MAKEINFO=true CFLAGS="-O1 -g0" \
	CXXFLAGS="-O1 -g0"
# Debian's source package has its documentation removed, from which this would be made.
step gcc-stamp gcc-build touch gcc/s-tm-texi
step gcc-libgcc gcc-build make -j"$jobs" all-target-libgcc MAKEINFO=true
step gcc-install gcc-build make install-strip-gcc install-target-libgcc MAKEINFO=true

rm -rf "$work"
touch "$prefix/complete"
"$prefix/bin/$target-gcc" --version | head -n 1

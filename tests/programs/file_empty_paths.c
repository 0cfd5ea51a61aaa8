/* Empty paths: what each call that can mean the descriptor itself says to them. */
#include "files.h"

int main(void)
{
	char text[64];
	int file, link, dir;

	enter("empty_paths");
	put_file("file", "x");
	symlink("there", "link");
	file = open("file", O_RDONLY);
	link = open("link", O_PATH | O_NOFOLLOW);
	dir = open(".", O_RDONLY);
	SHOW(readlink("", text, sizeof(text)));
	SHOW(readlinkat(file, "", text, sizeof(text)));
	SHOW(readlinkat(dir, "", text, sizeof(text)));
	SHOW(readlinkat(link, "", text, sizeof(text)));
	SHOW(readlinkat(99, "", text, sizeof(text)));
	SHOW(readlink("file", text, sizeof(text)));
	SHOW(readlink("link", text, 0));
	SHOW(open("", O_RDONLY));
	SHOW(mkdir("", 0777));
	SHOW(rename("", "x"));
	SHOW(unlink(""));
	SHOW(faccessat(file, "", R_OK, AT_EMPTY_PATH));
	close(file), close(link), close(dir);
	leave("empty_paths");
	return 0;
}

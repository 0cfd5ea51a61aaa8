/* sendfile: from file to file and pipe, with and without an offset, and what it refuses. */
#include "files.h"

int main(void)
{
	static char text[30000], back[30000];
	int ends[2];
	off_t at = 100;
	enter("sendfile.d");
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = i * 13 + i / 100;
	int in = open("in", O_RDWR | O_CREAT, 0644), out = open("out", O_RDWR | O_CREAT, 0644);
	write(in, text, sizeof(text));
	lseek(in, 0, SEEK_SET);
	SHOW(sendfile(out, in, NULL, 10000));
	SHOW(lseek(in, 0, SEEK_CUR));
	SHOW(lseek(out, 0, SEEK_CUR));
	SHOW(sendfile(out, in, NULL, 100000));
	SHOW(sendfile(out, in, NULL, 10));
	SHOW(pread(out, back, sizeof(back), 0));
	SHOW(memcmp(text, back, sizeof(text)));
	SHOW(sendfile(out, in, &at, 50));
	SHOW(at);
	SHOW(lseek(in, 0, SEEK_CUR));
	at = -1;
	SHOW(sendfile(out, in, &at, 50));
	at = 40000;
	SHOW(sendfile(out, in, &at, 50));
	pipe(ends);
	at = 0;
	SHOW(sendfile(ends[1], in, &at, 20000));
	SHOW(read(ends[0], back, 30000));
	SHOW(memcmp(text, back, 20000));
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	SHOW(sendfile(out, ends[0], NULL, 10));
	SHOW(sendfile(ends[0], in, NULL, 10));
	SHOW(sendfile(99, in, NULL, 10));
	SHOW(sendfile(out, 99, NULL, 10));
	SHOW(sendfile(out, in, (off_t *)8, 10));
	int append = open("out", O_WRONLY | O_APPEND);
	SHOW(sendfile(append, in, NULL, 10));
	leave("sendfile.d");
	return 0;
}
